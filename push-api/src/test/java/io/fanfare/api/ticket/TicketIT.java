package io.fanfare.api.ticket;

import java.time.Duration;
import java.time.Instant;
import java.util.List;

import io.fanfare.api.TestApi;
import io.fanfare.api.TestApi.Answer;
import io.fanfare.protocol.Tier;
import io.fanfare.redis.ticket.TicketRight;
import io.fanfare.redis.ticket.TicketState;
import io.fanfare.redis.ticket.Tickets;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class TicketIT {

	private final TestApi api = TestApi.shared();

	private TicketRight right(Answer answer) {
		assertThat(answer.status()).as(answer.body()).isEqualTo(201);
		TicketState state = this.api.bean(Tickets.class).find(answer.json().get("ticket").stringValue(), "").join();
		return ((TicketState.Valid) state).right();
	}

	@Test
	void aTicketGrantsWhatWasAskedFor() {
		Instant before = Instant.now();
		Answer answer = this.api.post("/v1/tickets", """
				{"user": "ticket-1", "channels": ["news", "orders:*"], "tier": "low", "ttl": "PT15M"}""");
		TicketRight right = right(answer);
		assertThat(right.user()).isEqualTo("ticket-1");
		assertThat(right.channels()).containsExactly("news", "orders:*");
		assertThat(right.tier()).isEqualTo(Tier.LOW);
		assertThat(right.id()).isNotEmpty();
		assertThat(right.issued()).isBetween(before.minusSeconds(1), Instant.now());
		assertThat(Duration.between(right.issued(), right.expires())).isEqualTo(Duration.ofMinutes(15));
		assertThat(Instant.parse(answer.json().get("expiresAt").stringValue())).isBetween(before.plusSeconds(25),
				Instant.now().plusSeconds(31));
		assertThat(answer.header("Cache-Control")).contains("no-store");
		TicketRight other = right(this.api.post("/v1/tickets", "{\"user\":\"ticket-1\"}"));
		assertThat(other.id()).isNotEqualTo(right.id());
		assertThat(other.channels()).isEmpty();
		assertThat(other.tier()).isNull();
		assertThat(Duration.between(other.issued(), other.expires())).isEqualTo(Duration.ofHours(1));
	}

	@Test
	void itIsAskedForAsATokenIs() {
		Answer wrong = this.api.post("/v1/tickets", """
				{"channels": ["user:*", "ne*"], "tier": "x", "ttl": "P2D", "scope": "admin"}""");
		assertThat(wrong.problem()).isEqualTo("invalid-request");
		assertThat(wrong.json().get("errors").findValuesAsString("pointer")).containsExactlyInAnyOrder("#/scope",
				"#/user", "#/channels/0", "#/channels/1", "#/tier", "#/ttl");
		assertThat(this.api.postAs(TestApi.SHOP_KEY, "/v1/tickets", "{\"user\":\"ticket-1\"}").status()).isEqualTo(403);
	}

	@Test
	void theEleventhIsRefused() {
		for (int i = 0; i < Tickets.MAX_PER_USER; i++) {
			right(this.api.post("/v1/tickets", "{\"user\":\"ticket-many\"}"));
		}
		Answer refused = this.api.post("/v1/tickets", "{\"user\":\"ticket-many\"}");
		assertThat(refused.status()).isEqualTo(429);
		assertThat(refused.problem()).endsWith("#quota-exceeded");
		assertThat(List.of(refused.header("Retry-After"), refused.header("RateLimit")))
			.allMatch((value) -> value.matches("(\"tickets\";r=0;t=)?([1-9]|[12][0-9]|30)"));
		assertThat(refused.header("RateLimit-Policy")).isEqualTo("\"tickets\";q=10;w=30");
		right(this.api.post("/v1/tickets", "{\"user\":\"ticket-other\"}"));
	}

}
