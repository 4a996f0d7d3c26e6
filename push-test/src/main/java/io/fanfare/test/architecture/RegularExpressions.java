package io.fanfare.test.architecture;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.classfile.Annotation;
import java.lang.classfile.AnnotationElement;
import java.lang.classfile.AnnotationValue;
import java.lang.classfile.AttributedElement;
import java.lang.classfile.Attributes;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.Instruction;
import java.lang.classfile.MethodModel;
import java.lang.classfile.instruction.ConstantInstruction;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.constant.DirectMethodHandleDesc;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;

/**
 * The regular expressions of compiled classes. One whose repeats are all bounded, or
 * possessive, cannot be made to go back and forth over a long text.
 */
public final class RegularExpressions {

	private static final String PATTERN = "java/util/regex/Pattern";

	private static final String STRING = "java/lang/String";

	private static final Set<String> OF_STRINGS = Set.of("matches", "split", "splitWithDelimiters", "replaceAll",
			"replaceFirst");

	private static final Set<String> OF_PATTERNS = Set.of("compile", "matches");

	private static final String CONSTRAINT = "Ljakarta/validation/constraints/Pattern;";

	/** Where an expression is no constant. */
	private static final String UNKNOWN = "one that is no constant";

	private RegularExpressions() {
	}

	/**
	 * No repeat is without a bound.
	 * @param packages where
	 * @param but classes that apply their expressions to settings alone, by their full
	 * names; each needs to be one
	 * @return the rule
	 */
	public static ArchRule areBounded(String packages, String... but) {
		return classes().that()
			.resideInAPackage(packages)
			.should(new Bounded(Set.of(but)))
			.because("a client could send what keeps a thread busy");
	}

	/**
	 * Whether an expression repeats something any number of times, and would try fewer
	 * times where what follows does not match.
	 * @param expression the expression
	 * @return whether it does
	 */
	public static boolean isUnbounded(String expression) {
		int i = 0;
		while (i < expression.length()) {
			char c = expression.charAt(i);
			int end = switch (c) {
				case '\\' -> afterEscape(expression, i);
				case '[' -> afterClass(expression, i);
				case '(' -> expression.startsWith("(?", i) ? i + 2 : i + 1;
				case '*', '+', '?' -> i + 1;
				case '{' -> expression.indexOf('}', i) + 1;
				default -> i + 1;
			};
			boolean open = c == '*' || c == '+' || c == '{' && expression.charAt(end - 2) == ',';
			boolean possessive = false;
			if (c == '*' || c == '+' || c == '?' || c == '{') {
				possessive = expression.startsWith("+", end);
				end += (possessive || expression.startsWith("?", end)) ? 1 : 0;
			}
			if (open && !possessive) {
				return true;
			}
			i = end;
		}
		return false;
	}

	private static int afterEscape(String expression, int at) {
		if (expression.startsWith("\\Q", at)) {
			int end = expression.indexOf("\\E", at);
			return (end < 0) ? expression.length() : end + 2;
		}
		boolean named = at + 2 < expression.length() && "pPxN".indexOf(expression.charAt(at + 1)) >= 0
				&& expression.charAt(at + 2) == '{';
		return named ? expression.indexOf('}', at) + 1 : at + 2;
	}

	private static int afterClass(String expression, int at) {
		int i = at + 1;
		while (i < expression.length() && expression.charAt(i) != ']') {
			i = switch (expression.charAt(i)) {
				case '\\' -> afterEscape(expression, i);
				case '[' -> afterClass(expression, i);
				default -> i + 1;
			};
		}
		return i + 1;
	}

	/**
	 * Finds the expressions of a class: those of its annotations, and those that its
	 * methods hand to {@code Pattern} or {@code String}.
	 */
	static List<String> of(byte[] compiled) {
		List<String> found = new ArrayList<>();
		ClassModel model = ClassFile.of().parse(compiled);
		model.fields().forEach((field) -> annotations(field, found::add));
		model.findAttribute(Attributes.record())
			.ifPresent(
					(components) -> components.components().forEach((component) -> annotations(component, found::add)));
		for (MethodModel method : model.methods()) {
			annotations(method, found::add);
			method.code()
				.ifPresent((code) -> calls(code.elementStream()
					.filter(Instruction.class::isInstance)
					.map(Instruction.class::cast)
					.toList(), found::add));
		}
		return found;
	}

	private static void calls(List<Instruction> code, Consumer<String> found) {
		for (int i = 0; i < code.size(); i++) {
			switch (code.get(i)) {
				case InvokeInstruction call when takesExpression(call.owner().asInternalName(),
						call.name().stringValue()) ->
					found.accept(expression(code.subList(0, i), call));
				case InvokeDynamicInstruction made when made.bootstrapArgs()
					.stream()
					.anyMatch((argument) -> argument instanceof DirectMethodHandleDesc handle
							&& takesExpression(internalName(handle), handle.methodName())) ->
					found.accept(UNKNOWN);
				default -> {
				}
			}
		}
	}

	private static String internalName(DirectMethodHandleDesc handle) {
		String descriptor = handle.owner().descriptorString();
		return descriptor.substring(1, descriptor.length() - 1);
	}

	private static boolean takesExpression(String owner, String method) {
		return owner.equals(PATTERN) && OF_PATTERNS.contains(method)
				|| owner.equals(STRING) && OF_STRINGS.contains(method);
	}

	/**
	 * The expression is the argument before the last, where there are two. An instance of
	 * {@code Pattern} has a method {@code matches} of no text, which is none of these.
	 */
	private static String expression(List<Instruction> before, InvokeInstruction call) {
		int further = call.typeSymbol().parameterCount() - 1;
		int at = before.size() - 1 - further;
		boolean simple = at >= 0 && before.stream().skip(at + 1L).allMatch(ConstantInstruction.class::isInstance);
		return (simple && before.get(at) instanceof ConstantInstruction constant
				&& constant.constantValue() instanceof String text) ? text : UNKNOWN;
	}

	private static void annotations(AttributedElement element, Consumer<String> found) {
		Stream
			.of(element.findAttribute(Attributes.runtimeVisibleAnnotations()).map((all) -> all.annotations().stream()),
					element.findAttribute(Attributes.runtimeVisibleTypeAnnotations())
						.map((all) -> all.annotations().stream().map((one) -> one.annotation())),
					element.findAttribute(Attributes.runtimeVisibleParameterAnnotations())
						.map((all) -> all.parameterAnnotations().stream().flatMap(List::stream)))
			.flatMap((some) -> some.orElse(Stream.empty()))
			.filter((annotation) -> annotation.className().equalsString(CONSTRAINT))
			.forEach((annotation) -> found.accept(regexp(annotation)));
	}

	private static String regexp(Annotation annotation) {
		for (AnnotationElement element : annotation.elements()) {
			if (element.name().equalsString("regexp") && element.value() instanceof AnnotationValue.OfString text) {
				return text.stringValue();
			}
		}
		return UNKNOWN;
	}

	/** Fails also where a class is excepted that needs no exception. */
	private static final class Bounded extends ArchCondition<JavaClass> {

		private final Set<String> but;

		private final Set<String> unused;

		Bounded(Set<String> but) {
			super("have no regular expression with an unbounded repeat, but for " + but);
			this.but = but;
			this.unused = new HashSet<>(but);
		}

		@Override
		public void check(JavaClass one, ConditionEvents events) {
			String name = one.getName().replaceFirst("\\$.*", "");
			for (String expression : of(compiled(one))) {
				if (!expression.equals(UNKNOWN) && !isUnbounded(expression)) {
					continue;
				}
				this.unused.remove(name);
				if (!this.but.contains(name)) {
					events.add(SimpleConditionEvent.violated(one, one.getName() + " applies " + expression));
				}
			}
		}

		@Override
		public void finish(ConditionEvents events) {
			for (String name : this.unused) {
				events.add(SimpleConditionEvent.violated(name, name + " is excepted and needs no exception"));
			}
		}

		private static byte[] compiled(JavaClass one) {
			try (InputStream in = one.getSource().orElseThrow().getUri().toURL().openStream()) {
				return in.readAllBytes();
			}
			catch (IOException ex) {
				throw new UncheckedIOException(ex);
			}
		}

	}

}
