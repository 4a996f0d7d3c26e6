package io.fanfare.api.audit;

import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

import io.fanfare.api.auth.RequiresScope;
import io.fanfare.api.json.JsonBody;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

import org.springframework.core.MethodParameter;
import org.springframework.http.HttpInputMessage;
import org.springframework.http.MediaType;
import org.springframework.http.converter.HttpMessageConverter;
import org.springframework.http.server.ServerHttpRequest;
import org.springframework.http.server.ServerHttpResponse;
import org.springframework.http.server.ServletServerHttpRequest;
import org.springframework.web.bind.annotation.RestControllerAdvice;
import org.springframework.web.context.request.RequestContextHolder;
import org.springframework.web.context.request.ServletRequestAttributes;
import org.springframework.web.servlet.mvc.method.annotation.RequestBodyAdviceAdapter;
import org.springframework.web.servlet.mvc.method.annotation.ResponseBodyAdvice;

/**
 * Notes for the audit log whom a call names in its body, and how many it concerned by its
 * answer. Of a body only fields with these names are looked at, and of an answer only
 * numbers and the number of elements of lists: neither data nor tokens.
 */
@RestControllerAdvice
final class AuditAdvice extends RequestBodyAdviceAdapter implements ResponseBodyAdvice<Object> {

	private static final List<String> FIELDS = List.of("user", "channel", "node", "tier", "all", "reason", "mode",
			"ttl", "window", "block", "delay", "issuedBefore", "rolling");

	/** Ids of tokens, of which the digest is logged. */
	private static final String TOKEN_ID = "jti";

	@Override
	public boolean supports(MethodParameter parameter, Type type,
			Class<? extends HttpMessageConverter<?>> converterType) {
		return type == JsonBody.class && AuditInterceptor.isAudited(parameter.getMethodAnnotation(RequiresScope.class));
	}

	@Override
	public Object afterBodyRead(Object body, HttpInputMessage message, MethodParameter parameter, Type type,
			Class<? extends HttpMessageConverter<?>> converterType) {
		if (body instanceof JsonBody json
				&& RequestContextHolder.getRequestAttributes() instanceof ServletRequestAttributes attributes) {
			note(json.root(), AuditedRequest.of(attributes.getRequest()));
		}
		return body;
	}

	private static void note(JsonNode root, AuditedRequest audited) {
		for (String name : FIELDS) {
			JsonNode value = root.path(name);
			if (value.isString() || value.isNumber() || value.isBoolean()) {
				audited.put(name, value.asString());
			}
		}
		for (String list : List.of("users", "channels")) {
			if (root.path(list).isArray()) {
				audited.put(list, root.path(list).size());
			}
		}
		if (root.path(TOKEN_ID).isString()) {
			audited.put("jtiSha256", sha256(root.path(TOKEN_ID).stringValue()));
		}
	}

	private static String sha256(String text) {
		try {
			return HexFormat.of()
				.formatHex(MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
		}
		catch (NoSuchAlgorithmException ex) {
			throw new IllegalStateException(ex);
		}
	}

	@Override
	public boolean supports(MethodParameter type, Class<? extends HttpMessageConverter<?>> converterType) {
		return AuditInterceptor.isAudited(type.getMethodAnnotation(RequiresScope.class));
	}

	@Override
	public @Nullable Object beforeBodyWrite(@Nullable Object body, MethodParameter type, MediaType contentType,
			Class<? extends HttpMessageConverter<?>> converterType, ServerHttpRequest request,
			ServerHttpResponse response) {
		if (body instanceof Record answer && request instanceof ServletServerHttpRequest servlet
				&& !AuditInterceptor.isSafe(servlet.getServletRequest())) {
			note(answer, AuditedRequest.of(servlet.getServletRequest()));
		}
		return body;
	}

	private static void note(Record answer, AuditedRequest audited) {
		Map<String, Object> values = audited.values();
		for (RecordComponent component : answer.getClass().getRecordComponents()) {
			Class<?> type = component.getType();
			boolean isNumber = type == int.class || type == long.class || Number.class.isAssignableFrom(type);
			if (!isNumber && !Collection.class.isAssignableFrom(type)) {
				continue;
			}
			Object value = read(component, answer);
			if (value instanceof Number) {
				values.putIfAbsent(component.getName(), value);
			}
			else if (value instanceof Collection<?> list) {
				values.putIfAbsent(component.getName(), list.size());
			}
		}
	}

	private static @Nullable Object read(RecordComponent component, Record answer) {
		try {
			component.getAccessor().setAccessible(true);
			return component.getAccessor().invoke(answer);
		}
		catch (ReflectiveOperationException ex) {
			throw new IllegalStateException(ex);
		}
	}

}
