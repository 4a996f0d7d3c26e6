package io.fanfare.protocol.guard;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** Tests {@link Errors}. */
class ErrorsTests {

	private final List<String> counted = new CopyOnWriteArrayList<>();

	private final List<Throwable> fatal = new ArrayList<>();

	private final Errors errors = new Errors(System::nanoTime, this.counted::add, this.fatal::add);

	@Test
	void everyErrorIsCountedAndNoneGoesOn() {
		assertThat(this.errors.run("a", () -> {
			throw new IllegalStateException("one");
		})).isFalse();
		this.errors.guard("b", () -> {
			throw new NoClassDefFoundError("two");
		}).run();
		assertThat(this.errors.run("c", () -> {
		})).isTrue();
		assertThat(this.counted).containsExactly("a", "b");
		assertThat(this.fatal).isEmpty();
	}

	@Test
	void anErrorOfTheVirtualMachineEndsTheProcessAlsoAsACause() {
		OutOfMemoryError heap = new OutOfMemoryError("Java heap space");
		this.errors.note("a", heap);
		this.errors.note("a", new IllegalStateException("wrapped", heap));
		assertThat(this.fatal).hasSize(2);
	}

	@Test
	void exhaustedDirectMemoryDoesNotEndTheProcess() {
		this.errors.note("a", new OutOfMemoryError("Cannot reserve 4194304 bytes of direct buffer memory"));
		assertThat(this.fatal).isEmpty();
		assertThat(this.counted).containsExactly("a");
	}

}
