package io.fanfare.api.openapi;

import java.util.List;
import java.util.Map;

import io.fanfare.api.json.Description;
import io.fanfare.api.json.Field;
import io.fanfare.api.json.Rule;
import io.swagger.v3.oas.models.media.Schema;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

class RuleSchemasTests {

	private static final Description RATE = Description.of("Rate", "How many per second.");

	@Test
	void aFieldThatMayBeLeftOutMayBeNull() {
		Schema<?> schema = schemas(Rule.Plain.of(Description.of("Request", "Two rates."),
				Field.required("least", new Rule.Whole(Description.NONE, 1, 5)),
				Field.optional("most", new Rule.Whole(Description.NONE, 1, 9))))
			.get("Request");
		assertThat(schema.getRequired()).containsExactly("least");
		Schema<?> least = schema.getProperties().get("least");
		Schema<?> most = schema.getProperties().get("most");
		assertThat(least.getTypes()).containsExactly("integer");
		assertThat(most.getTypes()).containsExactlyInAnyOrder("integer", "null");
		assertThat(most.getMaximum().intValue()).isEqualTo(9);
	}

	@Test
	void whatHasANameStandsByItselfAndIsReferredTo() {
		Field<Rule.Whole> rate = Field.optional("rate", new Rule.Whole(RATE, 1, 5));
		Map<String, Schema<?>> schemas = schemas(Rule.Plain.of(Description.of("A", "One."), rate),
				Rule.Plain.of(Description.of("B", "Another."), rate));
		assertThat(schemas).containsOnlyKeys("A", "B", "Rate");
		assertThat(schemas.get("B").getProperties().get("rate").get$ref()).isEqualTo("#/components/schemas/Rate");
	}

	@Test
	void twoRulesThatDifferCannotHaveOneName() {
		Rule one = new Rule.Whole(RATE, 1, 5);
		Rule other = new Rule.Whole(RATE, 1, 6);
		assertThat(schemas(one, one)).hasSize(1);
		assertThatIllegalStateException().isThrownBy(() -> schemas(one, other)).withMessageContaining("Rate");
	}

	private static Map<String, Schema<?>> schemas(Rule... rules) {
		return RuleSchemas.of(List.of(rules));
	}

}
