package io.fanfare.node;

import java.net.InetAddress;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

import io.fanfare.node.auth.Authentication;
import io.fanfare.node.auth.Credential;
import io.fanfare.node.auth.TicketAuthenticator;
import io.fanfare.protocol.CloseReason;
import io.fanfare.protocol.Tier;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.redis.ticket.Tickets;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** What a look for a ticket may cost, and that each is answered. */
class TicketLookupsIT {

	private static Authentication show(TicketAuthenticator authenticator) {
		AtomicReference<Authentication> answer = new AtomicReference<>();
		authenticator.authenticate(new Credential.Ticket("no ticket", ""), InetAddress.getLoopbackAddress(),
				answer::set);
		return Objects.requireNonNull(answer.get());
	}

	private static TicketAuthenticator authenticator(Consumer<String> refused, List<String> noted) {
		return new TicketAuthenticator((credential, address, then) -> {
		}, Cluster.first().bean(Tickets.class), Tier.NORMAL, refused, Clock.systemUTC(), () -> 0,
				new Errors(() -> 0, noted::add, (fatal) -> {
				}));
	}

	@Test
	void aNodeLooksUpOnlySoManyTicketsPerSecond() {
		TicketAuthenticator authenticator = authenticator((reason) -> {
		}, new ArrayList<>());
		for (int i = 0; i < 2_000; i++) {
			assertThat(show(authenticator)).isInstanceOf(Authentication.Refused.class);
		}
		assertThat(show(authenticator)).isEqualTo(new Authentication.Unavailable(CloseReason.FULL));
	}

	@Test
	void whoAskedIsAnsweredWhateverIsThrown() {
		List<String> noted = new ArrayList<>();
		TicketAuthenticator authenticator = authenticator((reason) -> {
			throw new IllegalStateException("injected");
		}, noted);
		assertThat(show(authenticator)).isEqualTo(new Authentication.Unavailable(CloseReason.ERROR));
		assertThat(noted).containsExactly("ticket");
	}

}
