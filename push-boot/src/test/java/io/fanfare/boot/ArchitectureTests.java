package io.fanfare.boot;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

@AnalyzeClasses(packages = "io.fanfare.boot", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTests {

	@ArchTest
	static final ArchRule NOTHING_OF_ITS_USERS = noClasses().should()
		.dependOnClassesThat()
		.resideInAnyPackage("io.fanfare.node..", "io.fanfare.api..", "io.fanfare.test..");

}
