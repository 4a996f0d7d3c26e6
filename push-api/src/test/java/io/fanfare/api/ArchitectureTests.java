package io.fanfare.api;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import io.fanfare.api.auth.AnyCaller;
import io.fanfare.api.auth.RequiresScope;

import io.fanfare.test.architecture.ProcessRules;
import io.fanfare.test.architecture.RegularExpressions;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

@AnalyzeClasses(packages = "io.fanfare.api", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTests {

	@ArchTest
	static final ArchRule FEATURES_STAND_ON_AUTH_AND_REDIS_AND_THOSE_ON_PROBLEM = layeredArchitecture()
		.consideringOnlyDependenciesInAnyPackage("io.fanfare.api..")
		.optionalLayer("start")
		.definedBy("io.fanfare.api")
		.layer("description")
		.definedBy("io.fanfare.api.openapi")
		.layer("publish")
		.definedBy("io.fanfare.api.publish")
		.layer("channel")
		.definedBy("io.fanfare.api.channel")
		.layer("user")
		.definedBy("io.fanfare.api.user")
		.layer("erasure")
		.definedBy("io.fanfare.api.erasure")
		.layer("audit")
		.definedBy("io.fanfare.api.audit")
		.layer("event")
		.definedBy("io.fanfare.api.event")
		.layer("webhook")
		.definedBy("io.fanfare.api.webhook")
		.layer("alert")
		.definedBy("io.fanfare.api.alert")
		.layer("cluster")
		.definedBy("io.fanfare.api.cluster")
		.layer("console")
		.definedBy("io.fanfare.api.console")
		.layer("ratelimit")
		.definedBy("io.fanfare.api.ratelimit")
		.layer("revocation")
		.definedBy("io.fanfare.api.revocation")
		.layer("ticket")
		.definedBy("io.fanfare.api.ticket")
		.layer("trace")
		.definedBy("io.fanfare.api.trace")
		.layer("tail")
		.definedBy("io.fanfare.api.tail")
		.layer("auth")
		.definedBy("io.fanfare.api.auth")
		.layer("redis")
		.definedBy("io.fanfare.api.redis")
		.layer("json")
		.definedBy("io.fanfare.api.json")
		.layer("problem")
		.definedBy("io.fanfare.api.problem")
		.whereLayer("start")
		.mayNotBeAccessedByAnyLayer()
		.whereLayer("description")
		.mayNotBeAccessedByAnyLayer()
		.whereLayer("publish")
		.mayNotBeAccessedByAnyLayer()
		.whereLayer("channel")
		.mayNotBeAccessedByAnyLayer()
		.whereLayer("user")
		.mayNotBeAccessedByAnyLayer()
		.whereLayer("erasure")
		.mayNotBeAccessedByAnyLayer()
		.whereLayer("audit")
		.mayNotBeAccessedByAnyLayer()
		.whereLayer("alert")
		.mayNotBeAccessedByAnyLayer()
		.whereLayer("revocation")
		.mayOnlyBeAccessedByLayers("user")
		.whereLayer("ticket")
		.mayNotBeAccessedByAnyLayer()
		.whereLayer("event")
		.mayOnlyBeAccessedByLayers("publish")
		.whereLayer("webhook")
		.mayNotBeAccessedByAnyLayer()
		.whereLayer("trace")
		.mayNotBeAccessedByAnyLayer()
		.whereLayer("tail")
		.mayNotBeAccessedByAnyLayer()
		.whereLayer("cluster")
		.mayOnlyBeAccessedByLayers("revocation", "publish", "channel", "user", "tail", "alert", "trace")
		.whereLayer("console")
		.mayNotBeAccessedByAnyLayer()
		.whereLayer("ratelimit")
		.mayOnlyBeAccessedByLayers("publish", "console")
		.whereLayer("auth")
		.mayOnlyBeAccessedByLayers("revocation", "description", "publish", "channel", "user", "erasure", "cluster",
				"ratelimit", "ticket", "audit", "tail", "trace", "console")
		.whereLayer("redis")
		.mayOnlyBeAccessedByLayers("revocation", "publish", "channel", "user", "erasure", "cluster", "ticket", "tail",
				"alert", "trace")
		.whereLayer("json")
		.mayOnlyBeAccessedByLayers("revocation", "description", "publish", "channel", "user", "cluster", "ticket",
				"auth", "audit")
		.whereLayer("problem")
		.mayNotAccessAnyLayer();

	@ArchTest
	static final ArchRule PACKAGES_HAVE_NO_CYCLES = slices().matching("io.fanfare.api.(*)..").should().beFreeOfCycles();

	@ArchTest
	static final ArchRule ONLY_THE_WIRING_KNOWS_LETTUCE = noClasses().that()
		.doNotHaveFullyQualifiedName("io.fanfare.api.redis.RedisConfiguration")
		.should()
		.dependOnClassesThat()
		.resideInAnyPackage("io.lettuce..", "org.springframework.data.redis..");

	@ArchTest
	static final ArchRule EVERY_CALL_NAMES_ITS_SCOPE = methods().that()
		.areAnnotatedWith(PostMapping.class)
		.or()
		.areAnnotatedWith(GetMapping.class)
		.should()
		.beAnnotatedWith(RequiresScope.class)
		.orShould()
		.beAnnotatedWith(AnyCaller.class);

	@ArchTest
	static final ArchRule REGULAR_EXPRESSIONS_ARE_BOUNDED = RegularExpressions.areBounded("io.fanfare.api..");

	@ArchTest
	static final ArchRule TIME_COMES_BY_CONSTRUCTOR = ProcessRules.timeComesByConstructor();

	@ArchTest
	static final ArchRule SETTINGS_ARE_VALIDATED = ProcessRules.settingsAreValidated();

	@ArchTest
	static final ArchRule THREADS_COME_FROM_THE_SCHEDULER = ProcessRules.threadsComeFromTheScheduler(
			// Waits for nodes, for many minutes
			"io.fanfare.api.cluster.RollingDrain",
			// Runs requests before the port is open
			"io.fanfare.api.publish.WarmUp");

	@ArchTest
	static final ArchRule STATIC_FIELDS_ARE_FINAL = fields().that().areStatic().should().beFinal();

}
