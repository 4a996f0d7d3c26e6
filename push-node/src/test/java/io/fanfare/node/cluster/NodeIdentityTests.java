package io.fanfare.node.cluster;

import java.security.SecureRandom;
import java.util.stream.IntStream;

import io.fanfare.protocol.ConnectionId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

class NodeIdentityTests {

	private final SecureRandom random = new SecureRandom();

	@Test
	void eachStartHasAnIdentityOfItsOwn() {
		assertThat(IntStream.range(0, 100).mapToObj((i) -> NodeIdentity.create("node-1", this.random).value()))
			.doesNotHaveDuplicates()
			.allMatch((value) -> value.matches("node-1\\.[a-z0-9]{8}"));
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "a.b", "a b", "a:b", "ä", "a\n", "a{0}", "x1234567890123456789012345678901234567890" })
	void aNameThatWouldBreakKeysIsRefused(String name) {
		assertThatIllegalArgumentException().isThrownBy(() -> NodeIdentity.create(name, this.random))
			.withMessageContaining("1 to 40 letters, digits, _ or -");
	}

	@Test
	void aConnectionNamesItsOwner() {
		NodeIdentity identity = NodeIdentity.create("x".repeat(40), this.random);
		assertThat(ConnectionId.nodeOf(identity.value() + ".AbC-_9")).isEqualTo(identity.value());
		assertThat(ConnectionId.nodeOf("nodot")).isNull();
		assertThat(ConnectionId.nodeOf(".a")).isNull();
		assertThat(ConnectionId.nodeOf("a.")).isNull();
		assertThat(ConnectionId.nodeOf("")).isNull();
	}

}
