package io.fanfare.protocol.call;

import java.util.stream.Collectors;

import io.fanfare.protocol.NodeStatus;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DatabindException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.cfg.CoercionAction;
import tools.jackson.databind.cfg.CoercionInputShape;
import tools.jackson.databind.cfg.EnumFeature;
import tools.jackson.databind.exc.UnrecognizedPropertyException;
import tools.jackson.databind.exc.ValueInstantiationException;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.type.LogicalType;

/**
 * Reads and writes what API and nodes say to each other, so that processes of several
 * versions understand each other or know that they do not:
 * <ul>
 * <li>A field that is missing is never taken for 0, false or the empty text: without a
 * default of its own it makes the whole unreadable. So does a value of another type.
 * <li>A field that is not known is passed over in a result and in a node's status. In a
 * request it makes the whole unreadable: to ignore a condition would mean more
 * connections.
 * </ul>
 * Any thread may call.
 */
public final class CallJson {

	private static final JsonMapper LENIENT = JsonMapper.builder()
		.enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES, DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
		.disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES, DeserializationFeature.ACCEPT_FLOAT_AS_INT)
		.enable(EnumFeature.FAIL_ON_NUMBERS_FOR_ENUMS)
		.disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
		.withCoercionConfig(LogicalType.Textual,
				(texts) -> texts.setCoercion(CoercionInputShape.Integer, CoercionAction.Fail)
					.setCoercion(CoercionInputShape.Float, CoercionAction.Fail)
					.setCoercion(CoercionInputShape.Boolean, CoercionAction.Fail))
		.build();

	private static final JsonMapper STRICT = LENIENT.rebuild()
		.enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
		.build();

	private CallJson() {
	}

	/**
	 * Writes a request.
	 * @param request the request
	 * @return JSON
	 */
	public static byte[] write(CallRequest<?> request) {
		return STRICT.writeValueAsBytes(request);
	}

	/**
	 * Writes a result.
	 * @param result the result
	 * @return JSON
	 */
	public static byte[] write(CallResult result) {
		return LENIENT.writeValueAsBytes(result);
	}

	/**
	 * Writes what a node tells of itself.
	 * @param status the status
	 * @return JSON
	 */
	public static byte[] write(NodeStatus status) {
		return LENIENT.writeValueAsBytes(status);
	}

	/**
	 * Writes what a node says of the records that it leaves.
	 * @param handover what it says
	 * @return JSON
	 */
	public static byte[] write(Handover handover) {
		return LENIENT.writeValueAsBytes(handover);
	}

	/**
	 * Reads what a node said of the records that it left.
	 * @param json what it said
	 * @return the same
	 * @throws NotUnderstoodException if it lacks what this version needs
	 */
	public static Handover readHandover(byte[] json) {
		return read(LENIENT, json, Handover.class);
	}

	/**
	 * Reads a request.
	 * @param call which call it is for
	 * @param json the request
	 * @return the request
	 * @throws NotUnderstoodException if there is anything that this version does not
	 * understand
	 */
	public static CallRequest<?> readRequest(CallName call, byte[] json) {
		return read(STRICT, json, call.request());
	}

	/**
	 * Reads a result.
	 * @param <R> its type
	 * @param request what was asked
	 * @param json the result
	 * @return the result
	 * @throws NotUnderstoodException if it lacks what this version needs
	 */
	public static <R extends CallResult> R readResult(CallRequest<R> request, byte[] json) {
		return read(LENIENT, json, request.result());
	}

	/**
	 * Reads what a node reported.
	 * @param json the status
	 * @return the status
	 * @throws NotUnderstoodException if it lacks what this version needs
	 */
	public static NodeStatus readStatus(byte[] json) {
		return read(LENIENT, json, NodeStatus.class);
	}

	private static <T> T read(JsonMapper mapper, byte[] json, Class<T> type) {
		T value;
		try {
			value = mapper.readValue(json, type);
		}
		catch (JacksonException ex) {
			throw new NotUnderstoodException(type.getSimpleName() + ": " + reason(ex));
		}
		if (value == null) {
			throw new NotUnderstoodException(type.getSimpleName() + " is null");
		}
		return value;
	}

	/** Jackson's own messages may quote values, such as the ids of users. */
	private static String reason(JacksonException failure) {
		if (failure instanceof UnrecognizedPropertyException unknown) {
			return unknown.getPropertyName() + " is not known";
		}
		if (failure instanceof ValueInstantiationException && failure.getCause() != null) {
			return String.valueOf(failure.getCause().getMessage());
		}
		if (failure instanceof DatabindException && !failure.getPath().isEmpty()) {
			return failure.getPath()
				.stream()
				.map((part) -> (part.getPropertyName() != null) ? part.getPropertyName()
						: Integer.toString(part.getIndex()))
				.collect(Collectors.joining(".")) + " is missing or not of its type";
		}
		return "no such JSON";
	}

}
