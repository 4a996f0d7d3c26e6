package io.fanfare.boot;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import io.fanfare.test.architecture.ProcessRules;
import io.fanfare.test.architecture.RegularExpressions;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

@AnalyzeClasses(packages = "io.fanfare.boot", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTests {

	@ArchTest
	static final ArchRule REGULAR_EXPRESSIONS_ARE_BOUNDED = RegularExpressions.areBounded("io.fanfare.boot..",
			// What a start that failed says
			"io.fanfare.boot.StartFailureAnalyzer");

	@ArchTest
	static final ArchRule TIME_COMES_BY_CONSTRUCTOR = ProcessRules
		.timeComesByConstructor("io.fanfare.boot.ProcessConfiguration");

	@ArchTest
	static final ArchRule THREADS_COME_FROM_THE_SCHEDULER = ProcessRules
		.threadsComeFromTheScheduler("io.fanfare.boot.ProcessConfiguration");

	@ArchTest
	static final ArchRule NOTHING_OF_ITS_USERS = noClasses().should()
		.dependOnClassesThat()
		.resideInAnyPackage("io.fanfare.node..", "io.fanfare.api..", "io.fanfare.test..");

}
