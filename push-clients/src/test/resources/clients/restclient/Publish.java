import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;

import fanfare.restclient.ApiClient;
import fanfare.restclient.api.MessagesApi;
import fanfare.restclient.model.MessageRequest;
import fanfare.restclient.model.Published;
import fanfare.restclient.model.Target;

/** Publishes to each kind of target with the generated client for Spring's RestClient. */
public final class Publish {

	public static void main(String[] args) {
		ApiClient client = new ApiClient();
		client.setBasePath(args[0]);
		client.setBearerToken(args[1]);
		String user = args[2];
		MessagesApi messages = new MessagesApi(client);
		Published one = publish(messages, new Target().user(user), "restclient user");
		require(one.getId() != null && one.getRecipients().getFirst().getOnline());
		Published some = publish(messages, new Target().users(new LinkedHashSet<>(List.of(user, "bob"))),
				"restclient users");
		require(some.getRecipients().size() == 2 && !some.getRecipients().getLast().getOnline());
		require(publish(messages, new Target().channel("news"), "restclient channel").getId() != null);
		require(publish(messages, new Target().all(true), "restclient all").getId() != null);
	}

	private static Published publish(MessagesApi messages, Target to, String text) {
		return messages.publishMessage(new MessageRequest().to(to).event("client").data(Map.of("text", text)), text);
	}

	private static void require(boolean holds) {
		if (!holds) {
			throw new IllegalStateException("Another answer");
		}
	}

}
