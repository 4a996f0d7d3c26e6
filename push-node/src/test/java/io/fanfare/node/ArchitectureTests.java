package io.fanfare.node;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.stream.Stream;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import io.fanfare.node.connection.Outlet;
import io.fanfare.test.architecture.ProcessRules;
import io.fanfare.test.architecture.RegularExpressions;

import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

/** Which way dependencies point, and where nothing may block. */
@AnalyzeClasses(packages = { "io.fanfare.node", "io.fanfare.protocol", "io.fanfare.redis" },
		importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTests {

	private static final String[] LOOP_PACKAGES = { "..node.admin..", "..node.admission..", "..node.connection..",
			"..node.encoding..", "..node.timer..", "..node.catchup..", "..node.subscription..", "..node.presence..",
			"..node.ratelimit..", "..node.stream.." };

	@ArchTest
	static final ArchRule DEPENDENCIES_POINT_ONE_WAY = layeredArchitecture().consideringOnlyDependenciesInLayers()
		.withOptionalLayers(true)
		.layer("wiring")
		.definedBy("io.fanfare.node")
		.layer("stream")
		.definedBy("io.fanfare.node.stream..")
		.layer("drain")
		.definedBy("io.fanfare.node.drain..")
		.layer("observability")
		.definedBy("io.fanfare.node.observability..")
		.layer("memory")
		.definedBy("io.fanfare.node.memory..")
		.layer("admin")
		.definedBy("io.fanfare.node.admin..")
		.layer("admission")
		.definedBy("io.fanfare.node.admission..")
		.layer("connection")
		.definedBy("io.fanfare.node.connection..")
		.layer("receipt")
		.definedBy("io.fanfare.node.receipt..")
		.layer("recorder")
		.definedBy("io.fanfare.node.recorder..")
		.layer("encoding")
		.definedBy("io.fanfare.node.encoding..")
		.layer("timer")
		.definedBy("io.fanfare.node.timer..")
		.layer("catchup")
		.definedBy("io.fanfare.node.catchup..")
		.layer("subscription")
		.definedBy("io.fanfare.node.subscription..")
		.layer("presence")
		.definedBy("io.fanfare.node.presence..")
		.layer("ratelimit")
		.definedBy("io.fanfare.node.ratelimit..")
		.layer("broker")
		.definedBy("io.fanfare.node.broker..")
		.layer("cluster")
		.definedBy("io.fanfare.node.cluster..")
		.layer("auth")
		.definedBy("io.fanfare.node.auth..")
		.whereLayer("wiring")
		.mayNotBeAccessedByAnyLayer()
		.whereLayer("stream")
		.mayOnlyBeAccessedByLayers("wiring")
		.whereLayer("drain")
		.mayOnlyBeAccessedByLayers("wiring", "stream")
		.whereLayer("observability")
		.mayOnlyBeAccessedByLayers("wiring", "stream", "drain")
		.whereLayer("memory")
		.mayOnlyBeAccessedByLayers("wiring")
		.whereLayer("admin")
		.mayOnlyBeAccessedByLayers("wiring")
		.whereLayer("admission")
		.mayOnlyBeAccessedByLayers("wiring", "stream", "drain", "admin", "observability", "memory")
		.whereLayer("connection")
		.mayOnlyBeAccessedByLayers("wiring", "stream", "drain", "admin", "observability", "memory", "admission",
				"receipt")
		.whereLayer("receipt")
		.mayOnlyBeAccessedByLayers("wiring")
		.whereLayer("recorder")
		.mayOnlyBeAccessedByLayers("wiring", "admin", "connection")
		.whereLayer("encoding")
		.mayOnlyBeAccessedByLayers("stream", "connection", "timer")
		.whereLayer("timer")
		.mayOnlyBeAccessedByLayers("connection")
		.whereLayer("catchup")
		.mayOnlyBeAccessedByLayers("wiring", "stream", "connection", "recorder")
		.whereLayer("subscription")
		.mayOnlyBeAccessedByLayers("wiring", "stream", "connection", "encoding", "catchup")
		.whereLayer("presence")
		.mayOnlyBeAccessedByLayers("wiring", "stream", "drain", "connection", "catchup", "subscription")
		.whereLayer("ratelimit")
		.mayOnlyBeAccessedByLayers("wiring", "stream", "observability", "admission", "connection", "auth")
		.whereLayer("broker")
		.mayOnlyBeAccessedByLayers("wiring", "stream", "drain", "observability", "connection", "recorder", "encoding",
				"catchup", "subscription", "presence")
		.whereLayer("cluster")
		.mayOnlyBeAccessedByLayers("wiring", "stream", "drain", "admin", "observability", "connection", "catchup",
				"subscription", "presence")
		.whereLayer("auth")
		.mayOnlyBeAccessedByLayers("wiring", "stream");

	@ArchTest
	static final ArchRule PACKAGES_HAVE_NO_CYCLES = slices().matching("io.fanfare.node.(*)..")
		.should()
		.beFreeOfCycles();

	@ArchTest
	static final ArchRule ONE_WRITER_WRITES_TO_THE_SOCKET_OF_A_CONNECTION = noClasses().that()
		.resideInAPackage("..node.connection..")
		.and()
		.haveNameNotMatching("io\\.fanfare\\.node\\.connection\\.(StreamWriter|Outlet)")
		.should()
		.callMethodWhere(target(owner(assignableTo(Outlet.class))))
		.because("what is written past it is not counted");

	/** Counted in lines of source. */
	@ArchTest
	static void noPackageIsMoreThanAThirdOfItsModule(JavaClasses classes) throws IOException {
		Map<String, Long> lines = new TreeMap<>();
		try (Stream<Path> sources = Files.walk(Path.of("src/main/java"))) {
			for (Path source : sources.filter((file) -> file.toString().endsWith(".java")).toList()) {
				lines.merge(source.getParent().getFileName().toString(), (long) Files.readAllLines(source).size(),
						Long::sum);
			}
		}
		long all = lines.values().stream().mapToLong(Long::longValue).sum();
		assertThat(lines).containsKey("connection").allSatisfy((name, own) -> assertThat(own).isLessThan(all / 3));
	}

	@ArchTest
	static final ArchRule REGULAR_EXPRESSIONS_ARE_BOUNDED = RegularExpressions.areBounded("io.fanfare.node..");

	@ArchTest
	static final ArchRule TIME_COMES_BY_CONSTRUCTOR = ProcessRules.timeComesByConstructor(
			// The clock of the loops, asked for each batch of blocks
			"io.fanfare.node.stream.NettyLoop", "io.fanfare.protocol.guard.Ticker",
			"io.fanfare.protocol.http.BoundedHttp11Protocol");

	@ArchTest
	static final ArchRule SETTINGS_ARE_VALIDATED = ProcessRules.settingsAreValidated();

	@ArchTest
	static final ArchRule THREADS_COME_FROM_THE_SCHEDULER = ProcessRules.threadsComeFromTheScheduler(
			"io.fanfare.node.NodeConfiguration",
			// Ends the process, and with it the scheduler
			"io.fanfare.node.drain.Drain",
			// A call waits for loops and for Redis; many may wait at once
			"io.fanfare.node.cluster.CallHandler", "io.fanfare.protocol.guard.ThreadScheduler");

	@ArchTest
	static final ArchRule THE_PROTOCOL_KNOWS_NO_NODE_AND_NO_SPRING = noClasses().that()
		.resideInAnyPackage("io.fanfare.protocol..", "io.fanfare.redis..")
		.should()
		.dependOnClassesThat()
		.resideInAnyPackage("io.fanfare.node..", "org.springframework..");

	/** The links give Lettuce channels of their own. */
	@ArchTest
	static final ArchRule THE_PROTOCOL_KNOWS_NO_NETTY_BUT_IN_ITS_LINKS = noClasses().that()
		.resideInAnyPackage("io.fanfare.protocol..", "io.fanfare.redis..")
		.and()
		.resideOutsideOfPackage("io.fanfare.redis")
		.should()
		.dependOnClassesThat()
		.resideInAPackage("io.netty..");

	@ArchTest
	static final ArchRule LETTUCE_STAYS_IN_THE_REDIS_CLASSES = noClasses().that()
		.resideInAPackage("io.fanfare.node..")
		.and()
		.doNotHaveSimpleName("RedisConfiguration")
		.and()
		.haveNameNotMatching("io\\.fanfare\\.node\\.broker\\.PubSub(Link|Session)(\\$.*)?")
		.should()
		.dependOnClassesThat()
		.resideInAPackage("io.lettuce..");

	@ArchTest
	static final ArchRule SPRING_DATA_IS_USED_FOR_ITS_CONNECTION_FACTORY_ALONE = noClasses().that()
		.resideInAPackage("io.fanfare.node..")
		.and()
		.doNotHaveSimpleName("RedisConfiguration")
		.should()
		.dependOnClassesThat()
		.resideInAPackage("org.springframework.data..");

	@ArchTest
	static final ArchRule NETTY_PIPELINES_STAY_IN_STREAM = noClasses().that()
		.resideInAPackage("io.fanfare.node..")
		.and()
		.resideOutsideOfPackage("io.fanfare.node.stream..")
		.should()
		.dependOnClassesThat()
		.resideInAnyPackage("io.netty.channel..", "io.netty.handler..", "io.netty.bootstrap..");

	/**
	 * {@code resultNow} and {@code state} do not wait. {@code StreamServer.stop} waits
	 * for the goodbyes, on the thread that stops the application, and {@code WarmUp} for
	 * what it asks for, on the one that starts it.
	 */
	@ArchTest
	static final ArchRule NOTHING_BLOCKS_A_LOOP = noClasses().that()
		.resideInAnyPackage(LOOP_PACKAGES)
		.and()
		.haveNameNotMatching("io\\.fanfare\\.node\\.stream\\.(StreamServer|WarmUp)")
		.should()
		.callMethodWhere(target(nameMatching("get|join")).and(target(owner(assignableTo(Future.class)))))
		.orShould()
		.callMethodWhere(target(nameMatching("await.*")).and(target(owner(assignableTo(CountDownLatch.class)))))
		.orShould()
		.callMethodWhere(target(nameMatching("sleep|join")).and(target(owner(assignableTo(Thread.class)))))
		.orShould()
		.callMethodWhere(target(nameMatching("wait")).and(target(owner(assignableTo(Object.class)))))
		.because("a loop that waits keeps thousands of streams waiting, and CompletableFuture.join is "
				+ CompletableFuture.class.getSimpleName() + "'s way of waiting");

}
