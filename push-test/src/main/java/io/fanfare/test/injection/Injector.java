package io.fanfare.test.injection;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;

import com.sun.tools.attach.AgentInitializationException;
import com.sun.tools.attach.AgentLoadException;
import com.sun.tools.attach.AttachNotSupportedException;
import com.sun.tools.attach.VirtualMachine;

/**
 * Makes methods of a running JVM fail, by an agent that is loaded into it. A method is a
 * seam, {@code <class>#<name>}: all methods of that name in the class. A seam that does
 * not exist fails the test that asks for it, so that a method that is renamed does not
 * leave a test behind that proves nothing. Used by one thread.
 */
public final class Injector {

	private final String pid;

	/**
	 * Injects into a process.
	 * @param pid its id; it was started with {@code -XX:+EnableDynamicAgentLoading}
	 */
	public Injector(long pid) {
		this.pid = Long.toString(pid);
	}

	/**
	 * From now on a method throws again and again, an exception and an error by turns,
	 * before it does anything.
	 * @param seam the method
	 * @param every at which of its calls: 5 is each fifth
	 */
	public void failAt(String seam, int every) {
		command("throw " + seam + " " + every);
	}

	/**
	 * The next thread that calls a method stands still in it, once.
	 * @param seam the method
	 * @param time how long
	 */
	public void standStillAt(String seam, Duration time) {
		command("sleep " + seam + " " + time.toMillis());
	}

	/**
	 * Takes memory of the heap, as a leak does.
	 * @param mebibytes how much, in addition to what is held already
	 */
	public void hold(int mebibytes) {
		command("hold " + mebibytes);
	}

	/**
	 * Takes direct memory, as sockets do that are not read from. Once it is not held any
	 * more, it is freed by the next collection.
	 * @param mebibytes how much, in addition to what is held already
	 */
	public void holdDirect(int mebibytes) {
		command("hold-direct " + mebibytes);
	}

	/** From now on nothing fails any more, and no memory is held. */
	public void clear() {
		command("clear");
	}

	/**
	 * How often something was injected, since it was last asked for.
	 * @param seam the method
	 * @return the number of times, also after {@link #clear()}
	 */
	public long injected(String seam) {
		VirtualMachine machine = attach();
		try {
			return Long.parseLong(machine.getSystemProperties().getProperty(InjectionAgent.COUNTERS + seam, "0"));
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		finally {
			detach(machine);
		}
	}

	private void command(String command) {
		VirtualMachine machine = attach();
		try {
			machine.loadAgent(Holder.jar.toString(), command);
		}
		catch (AgentInitializationException ex) {
			throw new IllegalArgumentException("Refused, the process printed why: " + command, ex);
		}
		catch (AgentLoadException ex) {
			throw new IllegalStateException("The agent cannot be loaded", ex);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		finally {
			detach(machine);
		}
	}

	private VirtualMachine attach() {
		try {
			return VirtualMachine.attach(this.pid);
		}
		catch (AttachNotSupportedException ex) {
			throw new IllegalStateException("Not a JVM: " + this.pid, ex);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static void detach(VirtualMachine machine) {
		try {
			machine.detach();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/** The agent and its parts, from wherever this JVM has them. */
	private static Path pack() {
		Manifest manifest = new Manifest();
		manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
		manifest.getMainAttributes().putValue("Agent-Class", InjectionAgent.class.getName());
		manifest.getMainAttributes().putValue("Can-Retransform-Classes", "true");
		List<Class<?>> parts = Stream
			.concat(Stream.of(InjectionAgent.class), Stream.of(InjectionAgent.class.getDeclaredClasses()))
			.toList();
		try {
			Path jar = Files.createTempFile("fanfare-injection", ".jar");
			jar.toFile().deleteOnExit();
			try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar), manifest)) {
				for (Class<?> part : parts) {
					String name = part.getName().replace('.', '/') + ".class";
					out.putNextEntry(new JarEntry(name));
					try (InputStream bytes = Objects.requireNonNull(part.getResourceAsStream("/" + name))) {
						bytes.transferTo(out);
					}
				}
			}
			return jar;
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static final class Holder {

		static final Path jar = pack();

	}

}
