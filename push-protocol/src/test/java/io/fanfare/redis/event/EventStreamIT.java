package io.fanfare.redis.event;

import java.util.ArrayList;
import java.util.List;

import io.fanfare.redis.RedisPartition;
import io.fanfare.redis.event.EventStream.Event;
import io.fanfare.redis.event.EventStream.Taken;
import io.lettuce.core.Consumer;
import io.lettuce.core.XClaimArgs;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import static io.fanfare.redis.RedisPartition.PREFIX;
import static io.fanfare.redis.RedisPartition.get;
import static org.assertj.core.api.Assertions.assertThat;

class EventStreamIT {

	private static final String RECEIPTS = PREFIX + "receipts";

	@RegisterExtension
	final RedisPartition partition = new RedisPartition();

	private EventStream stream;

	@BeforeEach
	void open() {
		this.stream = new EventStream(this.partition.link(), this.partition.keys);
	}

	@Test
	void eachEventIsTakenOnceAlsoByTwoProcesses() {
		assertThat(take(10)).isEmpty();
		List<Event> added = add(5);
		EventStream other = new EventStream(this.partition.newLink(false), this.partition.keys);
		List<Event> taken = new ArrayList<>(take(2));
		taken.addAll(get(other.take(10, EventStream.BEGIN, List.of())).events());
		assertThat(taken).isEqualTo(added);
		assertThat(take(10)).isEmpty();
	}

	@Test
	void eventsFromBeforeTheFirstCallAreTaken() {
		List<Event> added = add(2);
		assertThat(take(10)).isEqualTo(added);
	}

	@Test
	void whatIsSettledIsNotTakenAgainAndWhatIsHeldOnlyWhereNoProcessNamesIt() {
		List<Event> added = add(3);
		assertThat(take(10)).hasSize(3);
		assertThat(take(10)).as("taken just now").isEmpty();
		assertThat(get(this.stream.settle(added.getFirst().id()))).isEqualTo(1);
		growOld(added);
		assertThat(get(this.stream.take(10, EventStream.BEGIN, List.of(added.get(1).id()))).events())
			.containsExactly(added.get(2));
		assertThat(take(10)).isEmpty();
	}

	@Test
	void anEventThatWasTrimmedIsPassedOver() {
		List<Event> added = add(2);
		take(10);
		growOld(added);
		this.partition.redis().xdel(RECEIPTS, added.getFirst().id());
		assertThat(get(this.stream.take(10, EventStream.BEGIN, List.of(added.getFirst().id()))).events())
			.containsExactly(added.get(1));
	}

	@Test
	void aCallThatWantsNoneNamesWhatIsHeld() {
		List<Event> added = add(1);
		take(10);
		assertThat(get(this.stream.take(0, EventStream.BEGIN, List.of(added.getFirst().id()))))
			.isEqualTo(new Taken(EventStream.BEGIN, List.of()));
	}

	private List<Event> take(int most) {
		return get(this.stream.take(most, EventStream.BEGIN, List.of())).events();
	}

	/** As if they had been taken a minute ago. */
	private void growOld(List<Event> events) {
		this.partition.redis()
			.xclaim(RECEIPTS, Consumer.from(EventStream.GROUP, EventStream.GROUP),
					XClaimArgs.Builder.minIdleTime(0).idle(EventStream.IDLE.multipliedBy(2)).justid(),
					events.stream().map(Event::id).toArray(String[]::new));
	}

	private List<Event> add(int count) {
		List<Event> added = new ArrayList<>();
		for (int i = 0; i < count; i++) {
			String id = this.partition.redis()
				.xadd(RECEIPTS, "type", "t", "user", "user-" + i, "body", "{\"n\":" + i + "}");
			added.add(new Event(id, "user-" + i, "{\"n\":" + i + "}"));
		}
		return added;
	}

}
