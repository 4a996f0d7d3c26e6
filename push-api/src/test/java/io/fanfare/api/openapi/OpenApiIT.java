package io.fanfare.api.openapi;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

import io.fanfare.api.NodeVoice;
import io.fanfare.api.TestApi;
import io.fanfare.api.TestApi.Answer;
import io.fanfare.api.cluster.ConnectionIT;
import io.fanfare.protocol.redis.CallName;
import io.fanfare.test.redis.RedisExtension;
import io.fanfare.test.redis.TestRedis;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;

import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerMapping;

import static org.assertj.core.api.Assertions.assertThat;

@ExtendWith(RedisExtension.class)
class OpenApiIT {

	private static final List<String> EVERY_CALL = List.of("401", "403", "406", "500");

	private final TestApi api = TestApi.shared();

	private final JsonNode document = this.api.send("GET", "/v3/api-docs", null).json();

	private NodeVoice node;

	/** An operation of the document. */
	private record Call(String method, String path, JsonNode operation) {

		@Override
		public String toString() {
			return this.method + " " + this.path;
		}

	}

	@Test
	void everyCallIsDescribedAndEveryDescriptionIsACall() {
		Set<String> mapped = new TreeSet<>();
		this.api.bean(RequestMappingHandlerMapping.class).getHandlerMethods().forEach((info, handler) -> {
			if (handler.getBeanType().getName().startsWith("io.fanfare.api") && !info.getMethodsCondition().isEmpty()) {
				info.getPatternValues()
					.forEach((path) -> info.getMethodsCondition()
						.getMethods()
						.forEach((method) -> mapped.add(method + " " + path)));
			}
		});
		assertThat(calls()).extracting(Call::toString).isNotEmpty().containsExactlyInAnyOrderElementsOf(mapped);
	}

	@Test
	void everyCallHasAnIdASummaryATagItsSecurityAndItsProblems() {
		assertThat(calls()).extracting((call) -> call.operation().path("operationId").asString(""))
			.doesNotHaveDuplicates()
			.doesNotContain("");
		assertThat(calls()).allSatisfy((call) -> {
			JsonNode operation = call.operation();
			assertThat(operation.path("summary").asString("")).isNotEmpty();
			assertThat(operation.path("description").asString("")).contains("Needs the scope");
			assertThat(operation.path("tags").size()).isEqualTo(1);
			assertThat(operation.at("/security/0").has("bearer")).isTrue();
			assertThat(operation.get("responses").propertyNames()).containsAll(EVERY_CALL);
			for (Map.Entry<String, JsonNode> answer : operation.get("responses").properties()) {
				if (answer.getKey().startsWith("2")) {
					assertThat(answer.getValue().at("/content/application~1json/schema/$ref").asString(""))
						.isNotEmpty();
				}
				else {
					JsonNode media = answer.getValue().at("/content/application~1problem+json");
					assertThat(media.at("/schema/$ref").asString("")).endsWith("/Problem");
					assertThat(media.get("examples").isEmpty()).isFalse();
				}
			}
			if (operation.has("requestBody")) {
				assertThat(operation.get("responses").propertyNames()).contains("400", "413", "415");
				assertThat(operation.at("/requestBody/content/application~1json/examples").isEmpty()).isFalse();
			}
		});
	}

	@Test
	void everyReferenceLeadsSomewhere() {
		List<String> references = this.document.findValuesAsString("$ref");
		assertThat(references).isNotEmpty()
			.allSatisfy(
					(reference) -> assertThat(this.document.at(reference.substring(1)).isMissingNode()).as(reference)
						.isFalse());
	}

	/** Some calls need a node that answers, by the name that their examples have. */
	@BeforeEach
	void speakForANode() {
		this.node = new NodeVoice(this.api, TestRedis.shared(), "node-1")
			.answering(CallName.LIST_CONNECTIONS, ConnectionIT.PAGE)
			.answering(CallName.DISCONNECT, "{\"connections\":1}")
			.answering(CallName.SEND_ON, "{\"connections\":1}")
			.answering(CallName.DRAIN, "{\"connections\":1,\"windowMs\":30000}");
	}

	@AfterEach
	void fallSilent() {
		this.node.close();
	}

	@TestFactory
	List<DynamicTest> everyExampleIsAcceptedByTheRealCall() {
		List<DynamicTest> tests = new ArrayList<>();
		for (Call call : calls()) {
			JsonNode examples = call.operation().at("/requestBody/content/application~1json/examples");
			if (examples.isMissingNode()) {
				tests.add(DynamicTest.dynamicTest(call.toString(), () -> assertAccepted(call, null)));
			}
			for (Map.Entry<String, JsonNode> example : examples.properties()) {
				tests.add(DynamicTest.dynamicTest(call + " " + example.getKey(),
						() -> assertAccepted(call, example.getValue().get("value").toString())));
			}
		}
		return tests;
	}

	private void assertAccepted(Call call, String body) {
		String path = call.path();
		List<String> query = new ArrayList<>();
		for (JsonNode parameter : call.operation().path("parameters")) {
			String example = parameter.path("example").asString("");
			String name = parameter.get("name").stringValue();
			if (parameter.get("in").stringValue().equals("path")) {
				assertThat(example).as(name).isNotEmpty();
				path = path.replace("{" + name + "}", example);
			}
			else if (parameter.get("in").stringValue().equals("query") && !example.isEmpty()) {
				query.add(name + "=" + example);
			}
		}
		if (!query.isEmpty()) {
			path += "?" + String.join("&", query);
		}
		Answer answer = (body != null) ? this.api.post(path, body) : this.api.get(path);
		assertThat(answer.status()).as(answer.response().body()).isBetween(200, 299);
		assertThat(call.operation().get("responses").propertyNames()).contains(Integer.toString(answer.status()));
		if (answer.json().has("results")) {
			assertThat(answer.json().get("results")).noneMatch((result) -> result.has("problem"));
		}
		String schema = call.operation()
			.at("/responses/" + answer.status() + "/content/application~1json/schema/$ref")
			.stringValue();
		assertThat(this.document.at(schema.substring(1)).get("properties").propertyNames())
			.containsAll(answer.json().propertyNames());
	}

	@Test
	void swaggerUiIsServedWithItsOwnPolicy() {
		Answer moved = this.api.send("GET", "/swagger-ui.html", null);
		assertThat(moved.status()).isEqualTo(302);
		Answer page = this.api.send("GET", moved.header("Location"), null);
		assertThat(page.status()).isEqualTo(200);
		assertThat(page.header("Content-Security-Policy")).contains("script-src 'self';");
	}

	private List<Call> calls() {
		List<Call> calls = new ArrayList<>();
		for (Map.Entry<String, JsonNode> path : this.document.get("paths").properties()) {
			for (Map.Entry<String, JsonNode> operation : path.getValue().properties()) {
				calls.add(new Call(operation.getKey().toUpperCase(Locale.ROOT), path.getKey(), operation.getValue()));
			}
		}
		return calls;
	}

}
