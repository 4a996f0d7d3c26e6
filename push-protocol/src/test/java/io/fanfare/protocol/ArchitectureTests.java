package io.fanfare.protocol;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import io.fanfare.test.architecture.ProcessRules;
import io.fanfare.test.architecture.RegularExpressions;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

@AnalyzeClasses(packages = { "io.fanfare.protocol", "io.fanfare.redis" },
		importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTests {

	@ArchTest
	static final ArchRule NO_SPRING = noClasses().should()
		.dependOnClassesThat()
		.resideInAPackage("org.springframework..")
		.because("the protocol gets its Lettuce client handed in");

	@ArchTest
	static final ArchRule LETTUCE_ONLY_IN_THE_REDIS_CLASSES = noClasses().that()
		.resideInAPackage("io.fanfare.protocol..")
		.should()
		.dependOnClassesThat()
		.resideInAPackage("io.lettuce..");

	@ArchTest
	static final ArchRule REDIS_IS_ON_TOP = noClasses().that()
		.resideInAPackage("io.fanfare.protocol..")
		.should()
		.dependOnClassesThat()
		.resideInAPackage("io.fanfare.redis..");

	@ArchTest
	static final ArchRule KEYS_SCRIPTS_AND_LINKS_ARE_BELOW_WHAT_USES_THEM = noClasses().that()
		.resideInAPackage("io.fanfare.redis")
		.should()
		.dependOnClassesThat()
		.resideInAnyPackage("io.fanfare.redis.history", "io.fanfare.redis.presence", "io.fanfare.redis.cluster");

	@ArchTest
	static final ArchRule FEATURES_IN_REDIS_ARE_APART = slices().matching("io.fanfare.redis.(*)")
		.should()
		.notDependOnEachOther()
		// Claims, renewals and tickets refuse what was revoked
		.ignoreDependency(
				JavaClass.Predicates.resideInAnyPackage("io.fanfare.redis.presence", "io.fanfare.redis.ticket"),
				JavaClass.Predicates.resideInAPackage("io.fanfare.redis.revocation"));

	@ArchTest
	static final ArchRule PACKAGES_HAVE_NO_CYCLES = slices().matching("io.fanfare.(**)").should().beFreeOfCycles();

	@ArchTest
	static final ArchRule REGULAR_EXPRESSIONS_ARE_BOUNDED = RegularExpressions.areBounded("io.fanfare..",
			// Names of settings, from the environment and from arguments
			"io.fanfare.protocol.settings.SettingNames",
			// What a start that failed says
			"io.fanfare.protocol.settings.StartFailure");

	@ArchTest
	static final ArchRule TIME_COMES_BY_CONSTRUCTOR = ProcessRules.timeComesByConstructor(
			"io.fanfare.protocol.guard.Ticker",
			// Tomcat makes it
			"io.fanfare.protocol.http.BoundedHttp11Protocol");

	@ArchTest
	static final ArchRule THREADS_COME_FROM_THE_SCHEDULER = ProcessRules
		.threadsComeFromTheScheduler("io.fanfare.protocol.guard.ThreadScheduler");

	@ArchTest
	static final ArchRule NOTHING_OF_ITS_USERS = noClasses().should()
		.dependOnClassesThat()
		.resideInAnyPackage("io.fanfare.node..", "io.fanfare.api..", "io.fanfare.test..");

}
