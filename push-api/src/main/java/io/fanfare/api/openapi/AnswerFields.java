package io.fanfare.api.openapi;

import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.swagger.v3.core.converter.AnnotatedType;
import io.swagger.v3.core.converter.ModelConverter;
import io.swagger.v3.core.converter.ModelConverterContext;
import io.swagger.v3.core.util.Json;
import io.swagger.v3.oas.models.media.Schema;
import org.jspecify.annotations.Nullable;

import org.springframework.stereotype.Component;

/**
 * Says of each field of an answer whether it is always there, and whether it may be null,
 * as the record that is written has it.
 */
@Component
final class AnswerFields implements ModelConverter {

	@Override
	public @Nullable Schema<?> resolve(AnnotatedType type, ModelConverterContext context,
			Iterator<ModelConverter> chain) {
		Schema<?> schema = chain.hasNext() ? chain.next().resolve(type, context, chain) : null;
		Class<?> answer = Json.mapper().constructType(type.getType()).getRawClass();
		if (schema != null && answer.isRecord()) {
			Schema<?> described = (schema.get$ref() != null)
					? context.getDefinedModels().get(schema.get$ref().substring(schema.get$ref().lastIndexOf('/') + 1))
					: schema;
			if (described != null && described.getProperties() != null) {
				describe(answer, described);
			}
		}
		return schema;
	}

	private static void describe(Class<?> answer, Schema<?> schema) {
		JsonInclude include = answer.getAnnotation(JsonInclude.class);
		boolean nullIsLeftOut = include != null && include.value() == JsonInclude.Include.NON_NULL;
		List<String> required = new ArrayList<>();
		for (RecordComponent field : answer.getRecordComponents()) {
			boolean nullable = field.getAnnotatedType().isAnnotationPresent(Nullable.class);
			Schema<?> property = schema.getProperties().get(field.getName());
			if (property == null || nullable && nullIsLeftOut) {
				continue;
			}
			required.add(field.getName());
			if (nullable && property.getTypes() != null) {
				Set<String> types = new LinkedHashSet<>(property.getTypes());
				types.add("null");
				property.setTypes(types);
			}
		}
		schema.setRequired(required);
	}

}
