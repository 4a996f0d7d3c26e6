package io.fanfare.api.json;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.fanfare.api.problem.FieldError;
import io.fanfare.api.problem.ProblemException;
import io.fanfare.protocol.ProblemType;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamWriteConstraints;
import tools.jackson.core.TokenStreamContext;
import tools.jackson.core.TokenStreamFactory;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.exc.UnexpectedEndOfInputException;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.databind.util.RawValue;

/**
 * Reads JSON (RFC 8259) as a publisher wrote it. Jackson's own tree would turn numbers
 * into binary ones and let the last of two equal names win; here a number keeps its
 * digits, and equal names are an error. Text that is no Unicode (a lone surrogate) could
 * not be written to a stream, so it is one too.
 */
public final class StrictJson {

	private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

	/** How deep lists and objects may stand within each other, the outermost counted. */
	public static final int MAX_DEPTH = 1000;

	/** Segments of a pointer. A longer one names what holds the error. */
	private static final int MAX_SEGMENTS = 32;

	/** The one field that may be nested at will. */
	private static final String DATA = "data";

	/**
	 * Without Jackson's limits, which would be reported in its own words: the body's
	 * length bounds all but the depth, which is looked at here. No number is converted,
	 * and names are not kept in a table that could be made to overflow.
	 */
	private static final JsonMapper MAPPER = JsonMapper
		.builder(JsonFactory.builder()
			.streamReadConstraints(StreamReadConstraints.builder()
				.maxNestingDepth(Integer.MAX_VALUE)
				.maxNumberLength(Integer.MAX_VALUE)
				.maxNameLength(Integer.MAX_VALUE)
				.maxStringLength(Integer.MAX_VALUE)
				.build())
			.streamWriteConstraints(StreamWriteConstraints.builder().maxNestingDepth(Integer.MAX_VALUE).build())
			.disable(TokenStreamFactory.Feature.CANONICALIZE_PROPERTY_NAMES)
			.build())
		.build();

	private static final byte[] BYTE_ORDER_MARK = { (byte) 0xEF, (byte) 0xBB, (byte) 0xBF };

	/** What JavaScript and Python write for numbers that are none. */
	private static final Pattern NO_NUMBER = Pattern.compile("-?(NaN|Infinity)$");

	private StrictJson() {
	}

	/**
	 * Reads a document.
	 * @param bytes the document, UTF-8; a byte order mark before it is ignored
	 * @return the body
	 * @throws ProblemException if that is no JSON, or nested too deep
	 */
	public static JsonBody parse(byte[] bytes) {
		String text;
		try {
			text = StandardCharsets.UTF_8.newDecoder().decode(withoutMark(bytes)).toString();
		}
		catch (CharacterCodingException ex) {
			throw ProblemException.of(ProblemType.MALFORMED_JSON, "The body is not UTF-8");
		}
		try (JsonParser parser = MAPPER.createParser(text)) {
			if (parser.nextToken() == null) {
				throw ProblemException.of(ProblemType.MALFORMED_JSON, "The body is empty");
			}
			FieldErrors errors = new FieldErrors();
			JsonNode root = value(parser, errors, 0);
			if (parser.nextToken() != null) {
				throw ProblemException.of(ProblemType.MALFORMED_JSON, "Something follows the document");
			}
			return new JsonBody(root, errors);
		}
		catch (JacksonException ex) {
			throw malformed(ex, text);
		}
	}

	/** RFC 8259, section 8.1. */
	private static ByteBuffer withoutMark(byte[] bytes) {
		int from = BYTE_ORDER_MARK.length;
		boolean marked = bytes.length >= from && Arrays.equals(bytes, 0, from, BYTE_ORDER_MARK, 0, from);
		return marked ? ByteBuffer.wrap(bytes, from, bytes.length - from) : ByteBuffer.wrap(bytes);
	}

	/**
	 * Writes a value without any space, numbers as they were written.
	 * @param value a value of a body read here
	 * @return the bytes, UTF-8
	 */
	public static byte[] write(JsonNode value) {
		return MAPPER.writeValueAsBytes(value);
	}

	/** In our words: Jackson's name its classes and settings. */
	private static ProblemException malformed(JacksonException ex, String text) {
		TokenStreamLocation location = ex.getLocation();
		if (location == null) {
			return ProblemException.of(ProblemType.MALFORMED_JSON, "The body is no JSON (RFC 8259)");
		}
		int at = Math.clamp(location.getCharOffset(), 0, text.length());
		Matcher noNumber = NO_NUMBER.matcher(text.substring(Math.max(0, at - "-Infinity".length()), at));
		String what;
		if (noNumber.find()) {
			what = noNumber.group() + " is no JSON number";
		}
		else if (ex instanceof UnexpectedEndOfInputException || at == text.length()) {
			what = "the body ends early";
		}
		else {
			int c = text.codePointAt(at);
			what = ((c > ' ' && c < 0x7F) ? "'" + (char) c + "'" : String.format("U+%04X", c)) + " cannot stand here";
		}
		return ProblemException.of(ProblemType.MALFORMED_JSON,
				"Line " + location.getLineNr() + ", column " + location.getColumnNr() + ": " + what);
	}

	private static JsonNode value(JsonParser parser, FieldErrors errors, int depth) {
		return switch (parser.currentToken()) {
			case START_OBJECT -> object(parser, errors, depth + 1);
			case START_ARRAY -> array(parser, errors, depth + 1);
			case VALUE_STRING -> NODES.stringNode(text(parser, parser.getString(), errors));
			case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> NODES.rawValueNode(new RawValue(parser.getString()));
			case VALUE_TRUE -> NODES.booleanNode(true);
			case VALUE_FALSE -> NODES.booleanNode(false);
			case VALUE_NULL -> NODES.nullNode();
			case NOT_AVAILABLE, END_OBJECT, END_ARRAY, PROPERTY_NAME, VALUE_EMBEDDED_OBJECT ->
				throw new IllegalStateException("Unexpected " + parser.currentToken());
		};
	}

	private static ObjectNode object(JsonParser parser, FieldErrors errors, int depth) {
		checkDepth(parser, depth);
		ObjectNode object = NODES.objectNode();
		while (parser.nextToken() != JsonToken.END_OBJECT) {
			String name = text(parser, parser.currentName(), errors);
			if (object.has(name) && !errors.isFull()) {
				errors.add(pointer(parser), "occurs twice");
			}
			parser.nextToken();
			object.set(name, value(parser, errors, depth));
		}
		return object;
	}

	private static ArrayNode array(JsonParser parser, FieldErrors errors, int depth) {
		checkDepth(parser, depth);
		ArrayNode array = NODES.arrayNode();
		while (parser.nextToken() != JsonToken.END_ARRAY) {
			array.add(value(parser, errors, depth));
		}
		return array;
	}

	private static String text(JsonParser parser, String text, FieldErrors errors) {
		if (hasHalfPair(text) && !errors.isFull()) {
			errors.add(pointer(parser), "holds half a surrogate pair, which is no Unicode");
		}
		return text;
	}

	private static boolean hasHalfPair(String text) {
		int at = 0;
		while (at < text.length()) {
			int c = text.codePointAt(at);
			if (c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE) {
				return true;
			}
			at += Character.charCount(c);
		}
		return false;
	}

	private static void checkDepth(JsonParser parser, int depth) {
		if (depth > MAX_DEPTH) {
			List<String> path = path(parser);
			int field = path.indexOf(DATA);
			throw ProblemException.of(ProblemType.INVALID_REQUEST,
					List.of(FieldError.at(pointer(path.subList(0, Math.max(1, field + 1))),
							"is nested too deep: lists and objects may stand within each other " + MAX_DEPTH
									+ " deep, those of the request counted")));
		}
	}

	private static String pointer(JsonParser parser) {
		return pointer(path(parser));
	}

	private static String pointer(List<String> path) {
		StringBuilder pointer = new StringBuilder("#");
		path.forEach((name) -> pointer.append(FieldErrors.pointer("", name)));
		return pointer.toString();
	}

	/**
	 * Names and indexes down to where the parser stands, the first of them. Makes no text
	 * of those that are left out, which may be as long as the body.
	 */
	private static List<String> path(JsonParser parser) {
		Deque<TokenStreamContext> contexts = new ArrayDeque<>();
		for (TokenStreamContext one = parser.streamReadContext(); one != null; one = one.getParent()) {
			if (one.hasPathSegment() && !one.inRoot()) {
				contexts.addFirst(one);
			}
		}
		return contexts.stream()
			.limit(MAX_SEGMENTS)
			.map((one) -> one.inObject() ? one.currentName() : Integer.toString(one.getCurrentIndex()))
			.toList();
	}

}
