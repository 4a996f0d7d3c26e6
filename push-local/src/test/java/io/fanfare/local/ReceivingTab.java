package io.fanfare.local;

import java.util.List;

import io.fanfare.protocol.MessageId;

import static org.assertj.core.api.Assertions.assertThat;

/** A tab of a {@link ClientSite} that writes down what it receives. */
interface ReceivingTab {

	/** Evaluates an expression whose value is a text. */
	String text(String expression);

	/**
	 * What a tab received.
	 *
	 * @param at when, in milliseconds of the wall clock
	 * @param id its id
	 * @param data its data
	 */
	record Received(long at, String id, String data) {

		private static Received of(String line) {
			String[] parts = line.split(" ", 4);
			return new Received(Long.parseLong(parts[0]), parts[1], parts[3]);
		}

	}

	/** What it received so far, in order. */
	default List<Received> received() {
		return lines("received").stream().map(Received::of).toList();
	}

	/** Lines that it wrote down. */
	default List<String> lines(String log) {
		return text(log + ".join('\\n')").lines().toList();
	}

	/** The name of the state of its client. */
	default String state() {
		return text("window.push?.state?.name ?? ''");
	}

	default void awaitState(String state) {
		ClientTab.until(() -> state().equals(state));
	}

	/** Waits until it has received a message. */
	default void awaitReceived(String data) {
		ClientTab.until(() -> text("String(received.some((line) => line.endsWith(' " + data + "')))").equals("true"));
	}

	/** No message twice, and none after one that is newer. */
	default void assertInOrder() {
		assertThat(received().stream().map((one) -> MessageId.parse(one.id())).toList()).isSorted()
			.doesNotHaveDuplicates();
	}

}
