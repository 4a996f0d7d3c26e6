package io.fanfare.node.memory;

import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.List;
import java.util.Random;

import com.sun.management.HotSpotDiagnosticMXBean;
import io.fanfare.node.TestScheduler;
import io.fanfare.node.admission.Admission;
import io.fanfare.node.admission.AdmissionSettings;
import io.fanfare.node.connection.Connections;
import io.fanfare.protocol.NodeStatus.Memory;
import io.fanfare.protocol.guard.Errors;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.util.unit.DataSize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

class MemoryGuardTests {

	private static final long MIB = 1 << 20;

	private final Admission admission = new Admission(new Connections("node", 10, new Random(1)),
			new AdmissionSettings(AdmissionSettings.Policy.WAIT, 10, Duration.ZERO, Duration.ZERO), (address) -> null,
			System::nanoTime, new Errors(System::nanoTime, (where) -> {
			}, Errors::halt));

	private MemoryReading reading = new MemoryReading(1, 0, 0, 0, 0, 0, 0);

	private Duration idle = Duration.ZERO;

	private final MemorySource memory = new MemorySource() {

		@Override
		public MemoryReading get() {
			return MemoryGuardTests.this.reading;
		}

		@Override
		public void collectWhenIdleFor(Duration time) {
			MemoryGuardTests.this.idle = time;
		}

	};

	private final MeterRegistry registry = new SimpleMeterRegistry();

	private final MemoryGuard guard = new MemoryGuard(this.admission,
			new MemorySettings(Duration.ZERO, 0.85, 0.85, 0.95, DataSize.ofBytes(0), 0.01, HeapShare.of("25%")),
			this.registry, TestScheduler.shared(), new Errors(System::nanoTime, (where) -> {
			}, (fatal) -> {
			}), this.memory);

	private long minutes;

	@AfterEach
	void close() {
		this.guard.close();
	}

	private Memory look(long heap, long direct, long process) {
		this.reading = new MemoryReading(this.reading.collections() + 1, heap, 100, direct, 100, process, 100);
		this.guard.look(this.minutes++ * 60_000);
		return this.guard.status();
	}

	@Test
	void nothingIsKnownBeforeTheFirstLookAndOfWhatHasNoLimit() {
		assertThat(this.guard.status()).isNull();
		assertThat(List.of("heap", "direct", "process")).allSatisfy((kind) -> assertThat(used(kind)).as(kind).isNaN());
		live(100);
		assertThat(used("heap")).isPositive();
		assertThat(used("process")).isNaN();
	}

	@Test
	void metricsShowWhatTheLastLookFound() {
		look(70, 20, 95);
		assertThat(used("heap")).isEqualTo(0.7);
		assertThat(used("direct")).isEqualTo(0.2);
		assertThat(used("process")).isEqualTo(0.95);
	}

	private double used(String kind) {
		return this.registry.get("fanfare.memory.used.ratio").tag("kind", kind).gauge().value();
	}

	private Memory live(long mib) {
		this.reading = new MemoryReading(this.reading.collections() + 1, mib * MIB, 4096 * MIB, 0, 0, 0, 0);
		this.guard.look(this.minutes++ * 60_000);
		return this.guard.status();
	}

	@Test
	void theFirstThatIsOverItsLimitIsNamed() {
		assertThat(look(84, 84, 94)).isEqualTo(new Memory("ok", 0.84, 0.84, 0.94, false));
		assertThat(look(85, 90, 99).state()).isEqualTo("heap");
		assertThat(look(10, 85, 99).state()).isEqualTo("direct");
		assertThat(look(10, 10, 95).state()).isEqualTo("process");
		assertThat(look(10, 10, 10).state()).isEqualTo("ok");
	}

	@Test
	void itDoesNotFlutter() {
		assertThat(look(86, 0, 0).state()).isEqualTo("heap");
		assertThat(look(82, 0, 0).state()).isEqualTo("heap");
		assertThat(look(80, 0, 0).state()).isEqualTo("ok");
		assertThat(look(84, 0, 0).state()).isEqualTo("ok");
	}

	@Test
	void theCollectorRunsWhileMemoryIsShort() {
		look(86, 0, 0);
		assertThat(this.idle).isPositive();
		look(84, 0, 0);
		assertThat(this.idle).isPositive();
		look(80, 0, 0);
		assertThat(this.idle).isZero();
	}

	@Test
	void theHeapOfAnIdleProcessIsCollected() {
		ProcessMemory memory = new ProcessMemory(0);
		memory.collectWhenIdleFor(Duration.ofMillis(200));
		try {
			long before = memory.get().collections();
			await().until(() -> memory.get().collections() > before + 1);
		}
		finally {
			memory.collectWhenIdleFor(Duration.ZERO);
		}
		assertThat(ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
			.getVMOption("G1PeriodicGCInterval")
			.getValue()).isEqualTo("0");
	}

	@Test
	void whatHasNoLimitIsNeverShort() {
		this.reading = new MemoryReading(1, 1 << 30, 0, 1 << 30, 0, 1 << 30, 0);
		this.guard.look(0);
		assertThat(this.guard.status()).isEqualTo(new Memory("ok", 0, 0, 0, false));
	}

	@Test
	void aLiveHeapThatGrowsIsTold() {
		for (int i = 0; i < 10; i++) {
			assertThat(live(100).growing()).isFalse();
		}
		boolean told = false;
		for (int i = 0; i < 15; i++) {
			told |= live(150 + i).growing();
		}
		assertThat(told).isTrue();
	}

	@Test
	void garbageThatACollectionLeavesIsNoGrowth() {
		for (int i = 0; i < 60; i++) {
			assertThat(live(100 + i % 8 * 40).growing()).isFalse();
		}
	}

	@Test
	void thisProcessCanBeRead() {
		MemoryReading now = new ProcessMemory(1 << 30).get();
		assertThat(now.heapLimit()).isPositive();
		assertThat(now.heap()).isLessThan(now.heapLimit());
		assertThat(now.directLimit()).isPositive();
		assertThat(now.direct()).isNotNegative();
		assertThat(now.processLimit()).isEqualTo(1 << 30);
		if (System.getProperty("os.name").equals("Linux")) {
			assertThat(now.process()).isBetween(30 * MIB, 64 * 1024 * MIB);
		}
	}

}
