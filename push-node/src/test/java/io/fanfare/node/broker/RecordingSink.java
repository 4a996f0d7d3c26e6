package io.fanfare.node.broker;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.Frame;
import org.jspecify.annotations.Nullable;

/** Writes down what comes. */
final class RecordingSink implements MessageSink {

	final List<Message> messages = new CopyOnWriteArrayList<>();

	final List<String> unreadable = new CopyOnWriteArrayList<>();

	final List<Frame.Kick> kicks = new CopyOnWriteArrayList<>();

	final List<String> closes = new CopyOnWriteArrayList<>();

	final List<Long> ups = new CopyOnWriteArrayList<>();

	/** What became of the link, in order. */
	final List<String> life = new CopyOnWriteArrayList<>();

	final AtomicInteger failingUps = new AtomicInteger();

	volatile @Nullable Error thrown;

	@Override
	public void broadcast(Message message) {
		this.messages.add(message);
	}

	@Override
	public void deliver(String connection, Message message) {
		this.messages.add(message);
	}

	@Override
	public void kick(Frame.Kick kick) {
		this.kicks.add(kick);
	}

	@Override
	public void displace(Frame.Displacement displacement) {
	}

	@Override
	public void restored(Frame.Restored restored) {
	}

	@Override
	public void hidden(Frame.Hidden hidden) {
	}

	@Override
	public void unacknowledged(Frame.Unacknowledged written) {
	}

	@Override
	public void close(String connection) {
		Error error = this.thrown;
		if (error != null) {
			throw error;
		}
		this.closes.add(connection);
	}

	@Override
	public void acknowledge(Frame.Acknowledgement said) {
	}

	@Override
	public void call(Frame.Call call) {
	}

	@Override
	public void pass(long id) {
	}

	@Override
	public void unreadable(@Nullable ChannelName channel) {
		this.unreadable.add((channel != null) ? channel.value() : "node");
	}

	@Override
	public void linkDown() {
		this.life.add("down");
	}

	@Override
	public void serverChanged(long since) {
		this.life.add("changed");
	}

	@Override
	public void linkUp(long link) {
		if (this.failingUps.getAndUpdate((left) -> Math.max(0, left - 1)) > 0) {
			throw new NoClassDefFoundError("injected");
		}
		this.ups.add(link);
		this.life.add("up");
	}

}
