package io.fanfare.test.injection;

import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeTransform;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.lang.instrument.ClassFileTransformer;
import java.lang.instrument.Instrumentation;
import java.lang.reflect.Modifier;
import java.nio.ByteBuffer;
import java.security.ProtectionDomain;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntFunction;

import org.jspecify.annotations.Nullable;

/**
 * The part of {@link Injector} inside the process: an agent that puts a call of
 * {@link #enter} at the beginning of the methods it is asked for, and takes it out again.
 * It is loaded once and called for each command; nothing outside the JDK may be used
 * here.
 */
public final class InjectionAgent {

	/** What the properties begin with that count what happened. */
	static final String COUNTERS = "fanfare.injected.";

	private static final ClassDesc SELF = ClassDesc.of(InjectionAgent.class.getName());

	private static final MethodTypeDesc ENTER = MethodTypeDesc.of(ConstantDescs.CD_void, ConstantDescs.CD_String);

	private static final Map<String, InjectedFault> faults = new ConcurrentHashMap<>();

	private static final Map<String, ClassFileTransformer> transformers = new ConcurrentHashMap<>();

	/** Guarded by the class. */
	private static final List<Object> held = new ArrayList<>();

	private InjectionAgent() {
	}

	/**
	 * Carries a command out: {@code throw <seam> <every>}, {@code sleep <seam> <millis>},
	 * {@code hold <mebibytes>}, {@code hold-direct <mebibytes>} or {@code clear}. Called
	 * by the JVM.
	 * @param command the command
	 * @param instrumentation of the JVM
	 * @throws Exception if the command cannot be carried out, such as for a method that
	 * does not exist
	 */
	public static void agentmain(String command, Instrumentation instrumentation) throws Exception {
		String[] words = command.split(" ");
		switch (words[0]) {
			case "throw" ->
				inject(words[1], InjectedFault.throwing(words[1], Integer.parseInt(words[2])), instrumentation);
			case "sleep" -> inject(words[1],
					InjectedFault.sleeping(words[1], Duration.ofMillis(Long.parseLong(words[2]))), instrumentation);
			case "hold" -> hold(Integer.parseInt(words[1]), byte[]::new);
			case "hold-direct" -> hold(Integer.parseInt(words[1]), ByteBuffer::allocateDirect);
			case "clear" -> clear(instrumentation);
			default -> throw new IllegalArgumentException("No such command: " + command);
		}
	}

	/**
	 * A method that is injected into is entered. It may throw instead.
	 * @param seam the method, as {@code <class>#<name>}
	 */
	public static void enter(String seam) {
		InjectedFault fault = faults.get(seam);
		if (fault != null) {
			fault.entered();
		}
	}

	private static synchronized void inject(String seam, InjectedFault fault, Instrumentation instrumentation)
			throws Exception {
		int separator = seam.indexOf('#');
		Class<?> type = load(seam.substring(0, separator));
		String method = seam.substring(separator + 1);
		if (Arrays.stream(type.getDeclaredMethods())
			.noneMatch((it) -> it.getName().equals(method) && !Modifier.isAbstract(it.getModifiers()))) {
			throw new NoSuchMethodException("No method to inject into: " + seam);
		}
		System.setProperty(COUNTERS + seam, "0");
		faults.put(seam, fault);
		if (!transformers.containsKey(seam)) {
			EnterCall transformer = new EnterCall(type, method, seam);
			transformers.put(seam, transformer);
			instrumentation.addTransformer(transformer, true);
			instrumentation.retransformClasses(type);
			if (transformer.failure != null) {
				throw new IllegalStateException("Cannot inject into " + seam, transformer.failure);
			}
		}
	}

	private static synchronized void hold(int mebibytes, IntFunction<Object> allocation) {
		for (int i = 0; i < mebibytes; i++) {
			held.add(allocation.apply(1 << 20));
		}
	}

	private static synchronized void clear(Instrumentation instrumentation) throws Exception {
		faults.clear();
		held.clear();
		List<String> seams = List.copyOf(transformers.keySet());
		for (String seam : seams) {
			instrumentation.removeTransformer(Objects.requireNonNull(transformers.remove(seam)));
		}
		for (String seam : seams) {
			instrumentation.retransformClasses(load(seam.substring(0, seam.indexOf('#'))));
		}
	}

	private static Class<?> load(String name) throws ClassNotFoundException {
		return Class.forName(name, false, ClassLoader.getSystemClassLoader());
	}

	/** Puts the call in. */
	private static final class EnterCall implements ClassFileTransformer {

		private final Class<?> type;

		private final String method;

		private final String seam;

		/** The JVM ignores what a transformer throws. */
		private volatile @Nullable Throwable failure;

		private EnterCall(Class<?> type, String method, String seam) {
			this.type = type;
			this.method = method;
			this.seam = seam;
		}

		@Override
		@SuppressWarnings("CatchThrowable")
		public byte @Nullable [] transform(@Nullable ClassLoader loader, String name, @Nullable Class<?> redefined,
				ProtectionDomain domain, byte[] bytes) {
			if (redefined != this.type) {
				return null;
			}
			try {
				ClassFile files = ClassFile
					.of(ClassFile.ClassHierarchyResolverOption.of(ClassHierarchyResolver.defaultResolver()
						.orElse(ClassHierarchyResolver.ofResourceParsing(ClassLoader.getSystemClassLoader()))));
				ClassModel model = files.parse(bytes);
				return files.transformClass(model,
						ClassTransform.transformingMethodBodies((it) -> it.methodName().equalsString(this.method),
								CodeTransform.ofStateful(() -> new Entry(this.seam))));
			}
			catch (Throwable ex) {
				this.failure = ex;
				return null;
			}
		}

	}

	/** Begins the code of a method with the call. */
	private static final class Entry implements CodeTransform {

		private final String seam;

		private Entry(String seam) {
			this.seam = seam;
		}

		@Override
		public void atStart(CodeBuilder code) {
			code.loadConstant(this.seam).invokestatic(SELF, "enter", ENTER);
		}

		@Override
		public void accept(CodeBuilder code, CodeElement element) {
			code.with(element);
		}

	}

	/** What happens in a method, and how often it did. */
	static final class InjectedFault {

		private final String seam;

		private final int every;

		private final Duration time;

		private long entered;

		private long injected;

		private InjectedFault(String seam, int every, Duration time) {
			this.seam = seam;
			this.every = every;
			this.time = time;
		}

		static InjectedFault throwing(String seam, int every) {
			return new InjectedFault(seam, every, Duration.ZERO);
		}

		static InjectedFault sleeping(String seam, Duration time) {
			return new InjectedFault(seam, 0, time);
		}

		void entered() {
			long number;
			synchronized (this) {
				this.entered++;
				if ((this.every > 0) ? this.entered % this.every != 0 : this.entered > 1) {
					return;
				}
				number = ++this.injected;
				System.setProperty(COUNTERS + this.seam, Long.toString(number));
			}
			if (this.every == 0) {
				sleep();
			}
			else if (number % 2 == 0) {
				throw new LinkageError("Injected into " + this.seam);
			}
			else {
				throw new IllegalStateException("Injected into " + this.seam);
			}
		}

		/** An interrupt does not end it. */
		private void sleep() {
			long end = System.nanoTime() + this.time.toNanos();
			for (long left = this.time.toNanos(); left > 0; left = end - System.nanoTime()) {
				LockSupport.parkNanos(this, left);
			}
		}

	}

}
