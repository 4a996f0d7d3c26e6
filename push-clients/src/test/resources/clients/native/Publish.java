import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;

import fanfare.jdk.ApiClient;
import fanfare.jdk.ApiException;
import fanfare.jdk.api.MessagesApi;
import fanfare.jdk.model.Broadcast;
import fanfare.jdk.model.MessageRequest;
import fanfare.jdk.model.OneUser;
import fanfare.jdk.model.Published;
import fanfare.jdk.model.SomeUsers;
import fanfare.jdk.model.Target;
import fanfare.jdk.model.Topic;

/** Publishes to each kind of target with the generated client for the JDK's HttpClient. */
public final class Publish {

	public static void main(String[] args) throws ApiException {
		ApiClient client = new ApiClient();
		client.updateBaseUri(args[0]);
		client.setRequestInterceptor((request) -> request.header("Authorization", "Bearer " + args[1]));
		String user = args[2];
		MessagesApi messages = new MessagesApi(client);
		Published one = publish(messages, new Target(new OneUser().user(user)), "native user");
		require(one.getId() != null && one.getRecipients().getFirst().getOnline());
		Published some = publish(messages,
				new Target(new SomeUsers().users(new LinkedHashSet<>(List.of(user, "bob")))), "native users");
		require(some.getRecipients().size() == 2 && !some.getRecipients().getLast().getOnline());
		require(publish(messages, new Target(new Topic().channel("news")), "native channel").getId() != null);
		require(publish(messages, new Target(new Broadcast().all(true)), "native all").getId() != null);
	}

	private static Published publish(MessagesApi messages, Target to, String text) throws ApiException {
		return messages.publishMessage(new MessageRequest().to(to).event("client").data(Map.of("text", text)), text);
	}

	private static void require(boolean holds) {
		if (!holds) {
			throw new IllegalStateException("Another answer");
		}
	}

}
