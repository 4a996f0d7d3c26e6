package io.fanfare.api.auth;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class RefusalCountsTests {

	private static final int LIMIT = 60;

	private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - Duration.ofSeconds(90).toNanos());

	private final RefusalCounts counts = new RefusalCounts(LIMIT, Duration.ofMinutes(1), this.now::get);

	@Test
	void whereTooManyAreCountedOthersAreCountedByTheirNetwork() {
		add("198.51.100.1", LIMIT);
		for (int i = 0; i < RefusalCounts.MAX_PER_SIZE + 1_000; i++) {
			this.counts.add(ipv4(0x0A000000 + i));
		}
		assertThat(isFull("198.51.100.1")).as("is not forgotten").isTrue();
		assertThat(isFull("203.0.113.9")).as("another network").isFalse();
		assertThat(isFull("2001:db8::1")).isFalse();
		add("203.0.113.9", LIMIT);
		assertThat(isFull("203.0.113.10")).as("counts with its network").isTrue();
		assertThat(isFull("203.0.114.9")).isFalse();
	}

	@Test
	void oneProviderWithManyNetworksUsesUpItsOwnCountsAlone() {
		for (int i = 0; i < 3 * RefusalCounts.MAX_PER_SIZE; i++) {
			this.counts.add(ipv6(0x20010DB800000000L + ((long) i << 16)));
		}
		assertThat(this.counts.size()).isEqualTo(2 * RefusalCounts.MAX_PER_SIZE + 1);
		assertThat(isFull("2001:db8:ffff::1")).as("of that provider").isTrue();
		assertThat(isFull("2001:db9::1")).isFalse();
	}

	@Test
	void networksOfAllSizesTakeBoundedMemory() {
		for (int i = 0; i < 5 * RefusalCounts.MAX_PER_SIZE; i++) {
			this.counts.add(ipv6((long) (0x20000000 + i) << 32));
		}
		assertThat(this.counts.size()).isEqualTo(3 * RefusalCounts.MAX_PER_SIZE + 1);
		assertThat(isFull("2abc::1")).as("counts with all others").isTrue();
		this.now.addAndGet(Duration.ofMinutes(1).toNanos());
		assertThat(isFull("2abc::1")).isFalse();
	}

	@Test
	void oneThatIsRefusedForLongDoesNotKeepOthersThatAreForgotten() {
		add("198.51.100.1", LIMIT);
		for (int i = 1; i < RefusalCounts.MAX_PER_SIZE; i++) {
			this.counts.add(ipv4(0x0A000000 + i));
		}
		this.now.addAndGet(Duration.ofSeconds(2).toNanos());
		add("203.0.113.9", LIMIT);
		assertThat(isFull("203.0.113.9")).isTrue();
		assertThat(isFull("203.0.113.10")).as("is counted by itself").isFalse();
		add("198.51.100.1", 2);
		assertThat(isFull("198.51.100.1")).as("was not forgotten").isTrue();
	}

	private void add(String address, int times) {
		for (int i = 0; i < times; i++) {
			this.counts.add(InetAddress.ofLiteral(address));
		}
	}

	private boolean isFull(String address) {
		return this.counts.untilNext(InetAddress.ofLiteral(address)) > 0;
	}

	private static InetAddress ipv4(int bits) {
		return address(ByteBuffer.allocate(4).putInt(bits));
	}

	private static InetAddress ipv6(long network) {
		return address(ByteBuffer.allocate(16).putLong(network));
	}

	private static InetAddress address(ByteBuffer bytes) {
		try {
			return InetAddress.getByAddress(bytes.array());
		}
		catch (UnknownHostException ex) {
			throw new IllegalStateException(ex);
		}
	}

}
