package io.fanfare.protocol;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

@AnalyzeClasses(packages = "io.fanfare.protocol", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTests {

	@ArchTest
	static final ArchRule NO_SPRING = noClasses().should()
		.dependOnClassesThat()
		.resideInAPackage("org.springframework..")
		.because("the protocol gets its Lettuce client handed in");

	@ArchTest
	static final ArchRule LETTUCE_ONLY_IN_THE_REDIS_CLASSES = noClasses().that()
		.resideOutsideOfPackage("io.fanfare.protocol.redis")
		.should()
		.dependOnClassesThat()
		.resideInAPackage("io.lettuce..");

	@ArchTest
	static final ArchRule REDIS_IS_ON_TOP = noClasses().that()
		.resideOutsideOfPackage("io.fanfare.protocol.redis")
		.should()
		.dependOnClassesThat()
		.resideInAPackage("io.fanfare.protocol.redis");

	@ArchTest
	static final ArchRule NOTHING_OF_ITS_USERS = noClasses().should()
		.dependOnClassesThat()
		.resideInAnyPackage("io.fanfare.node..", "io.fanfare.api..", "io.fanfare.test..");

}
