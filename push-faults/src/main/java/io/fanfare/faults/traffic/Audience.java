package io.fanfare.faults.traffic;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.IntStream;

import io.fanfare.faults.deployment.Deployment;
import io.fanfare.test.process.ServiceProcess;
import io.fanfare.test.sse.SseClient;
import io.fanfare.test.sse.SseRequest;

/**
 * Users beside the crowd, up to thousands of them, each with topics of its own. Their
 * pages connect to a node directly, all to the same one, so that all of them have to move
 * when it ends. Methods may be called from any thread.
 */
public final class Audience implements AutoCloseable {

	private final List<StreamClient> pages = new ArrayList<>();

	private final List<String> topics = new ArrayList<>();

	private volatile ServiceProcess node;

	/**
	 * Opens the pages, all at once.
	 * @param scenario marks users, topics and the messages that count
	 * @param deployment makes tokens
	 * @param node where the pages connect
	 * @param users how many there are
	 * @param topicsPerUser how many topics each asks for, all of them different
	 */
	public Audience(String scenario, Deployment deployment, ServiceProcess node, int users, int topicsPerUser) {
		this.node = node;
		for (int i = 0; i < users; i++) {
			String user = scenario + "-audience-" + i;
			List<String> own = IntStream.range(0, topicsPerUser).mapToObj((it) -> user + "." + it).toList();
			this.topics.addAll(own);
			String token = deployment.token(user);
			Supplier<SseRequest> door = () -> SseClient.request("127.0.0.1", this.node.port(), "/events").bearer(token);
			this.pages.add(new StreamClient(user, own, scenario, door));
		}
	}

	/**
	 * From now on pages connect elsewhere; those that have a stream keep it.
	 * @param other the other node
	 */
	public void moveTo(ServiceProcess other) {
		this.node = other;
	}

	/**
	 * The pages.
	 * @return one for each user
	 */
	public List<StreamClient> pages() {
		return List.copyOf(this.pages);
	}

	/**
	 * The topics.
	 * @return those of all users
	 */
	public List<String> topics() {
		return List.copyOf(this.topics);
	}

	/**
	 * Returns whether everybody listens.
	 * @return whether each page has a stream
	 */
	public boolean isLive() {
		return this.pages.stream().allMatch(StreamClient::isLive);
	}

	@Override
	public void close() {
		this.pages.forEach(StreamClient::close);
	}

}
