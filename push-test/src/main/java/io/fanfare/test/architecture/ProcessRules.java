package io.fanfare.test.architecture;

import java.time.Clock;
import java.time.InstantSource;
import java.util.Set;
import java.util.Timer;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.function.Predicate;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaConstructor;
import com.tngtech.archunit.lang.ArchRule;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

/**
 * A process has one clock of each kind and one scheduler, which come by constructor, and
 * looks at its settings.
 */
public final class ProcessRules {

	private static final String GUARD = "io.fanfare.protocol.guard.";

	private ProcessRules() {
	}

	/**
	 * Nothing asks the virtual machine for the time, or makes a clock.
	 * @param but the classes that may, by their full names, and those within them
	 * @return the rule
	 */
	public static ArchRule timeComesByConstructor(String... but) {
		return noClasses().that(are(but))
			.should()
			.accessTargetWhere(meets("asks the virtual machine for the time", ProcessRules::asksForTheTime))
			.because("a test cannot let time pass that comes from elsewhere");
	}

	/**
	 * Nothing starts a thread, or makes an executor of its own.
	 * @param but the classes that may, by their full names, and those within them
	 * @return the rule
	 */
	public static ArchRule threadsComeFromTheScheduler(String... but) {
		return noClasses().that(are(but))
			.should()
			.accessTargetWhere(meets("makes a thread or an executor", ProcessRules::makesAThread))
			.because("a task belongs behind a barrier, to a worker of the process's one scheduler");
	}

	/**
	 * Bounds of settings are looked at.
	 * @return the rule
	 */
	public static ArchRule settingsAreValidated() {
		return classes().that()
			.areAnnotatedWith("org.springframework.boot.context.properties.ConfigurationProperties")
			.should()
			.beAnnotatedWith("org.springframework.validation.annotation.Validated")
			.because("a constraint without it is ignored");
	}

	private static DescribedPredicate<JavaClass> are(String... but) {
		Set<String> names = Set.of(but);
		return DescribedPredicate.describe("are none of " + names,
				(one) -> !names.contains(one.getName().replaceFirst("\\$.*", "")));
	}

	private static DescribedPredicate<JavaAccess<?>> meets(String what, Predicate<JavaAccess<?>> access) {
		return DescribedPredicate.describe(what, access);
	}

	private static boolean asksForTheTime(JavaAccess<?> access) {
		JavaClass owner = access.getTargetOwner();
		String name = access.getName();
		return owner.isEquivalentTo(System.class) && Set.of("nanoTime", "currentTimeMillis").contains(name)
				|| owner.getPackageName().equals("java.time") && name.equals("now")
				|| owner.isEquivalentTo(Clock.class) && (name.startsWith("system") || name.startsWith("tick"))
				|| owner.isEquivalentTo(InstantSource.class) && name.equals("system")
				|| owner.getName().equals("java.util.Date") && name.equals(JavaConstructor.CONSTRUCTOR_NAME)
				|| owner.getName().equals(GUARD + "Ticker") && name.equals("system");
	}

	private static boolean makesAThread(JavaAccess<?> access) {
		JavaClass owner = access.getTargetOwner();
		String name = access.getName();
		boolean made = name.equals(JavaConstructor.CONSTRUCTOR_NAME);
		return owner.isEquivalentTo(Thread.class) && (made || name.startsWith("of") || name.startsWith("startVirtual"))
				|| owner.isEquivalentTo(Executors.class) || owner.isEquivalentTo(Timer.class)
				|| made && owner.getPackageName().equals("java.util.concurrent") && owner.isAssignableTo(Executor.class)
				|| made && owner.getName().equals(GUARD + "ThreadScheduler");
	}

}
