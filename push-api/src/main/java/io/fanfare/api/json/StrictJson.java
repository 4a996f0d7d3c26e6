package io.fanfare.api.json;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;

import io.fanfare.api.problem.ProblemException;
import io.fanfare.api.problem.ProblemType;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.databind.util.RawValue;

/**
 * Reads JSON (RFC 8259) as a publisher wrote it. Jackson's own tree would turn numbers
 * into binary ones and let the last of two equal names win; here a number keeps its
 * digits, and equal names are a flaw. Text that is no Unicode (a lone surrogate) could
 * not be written to a stream, so it is one too.
 */
public final class StrictJson {

	private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

	private static final JsonMapper MAPPER = JsonMapper.builder().build();

	/** Where Jackson says where it read from, which is of no use to a caller. */
	private static final Pattern SOURCE = Pattern.compile(" \\(start marker at \\[.*");

	private StrictJson() {
	}

	/**
	 * Reads a document.
	 * @param bytes the document, UTF-8
	 * @return the body
	 * @throws ProblemException if that is no JSON
	 */
	public static JsonBody parse(byte[] bytes) {
		String text;
		try {
			text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
		}
		catch (CharacterCodingException ex) {
			throw ProblemException.of(ProblemType.MALFORMED_JSON, "The body is not UTF-8");
		}
		try (JsonParser parser = MAPPER.createParser(text)) {
			if (parser.nextToken() == null) {
				throw ProblemException.of(ProblemType.MALFORMED_JSON, "The body is empty");
			}
			Flaws flaws = new Flaws();
			JsonNode root = value(parser, flaws);
			if (parser.nextToken() != null) {
				throw ProblemException.of(ProblemType.MALFORMED_JSON, "Something follows the document");
			}
			return new JsonBody(root, flaws);
		}
		catch (JacksonException ex) {
			throw malformed(ex);
		}
	}

	/**
	 * Writes a value without any space, numbers as they were written.
	 * @param value a value of a body read here
	 * @return the bytes, UTF-8
	 */
	public static byte[] write(JsonNode value) {
		return MAPPER.writeValueAsBytes(value);
	}

	private static ProblemException malformed(JacksonException ex) {
		TokenStreamLocation at = ex.getLocation();
		String where = (at != null) ? "Line " + at.getLineNr() + ", column " + at.getColumnNr() + ": " : "";
		return ProblemException.of(ProblemType.MALFORMED_JSON,
				where + SOURCE.matcher(ex.getOriginalMessage()).replaceAll(""));
	}

	private static JsonNode value(JsonParser parser, Flaws flaws) {
		return switch (parser.currentToken()) {
			case START_OBJECT -> object(parser, flaws);
			case START_ARRAY -> array(parser, flaws);
			case VALUE_STRING -> NODES.stringNode(text(parser, parser.getString(), flaws));
			case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> NODES.rawValueNode(new RawValue(parser.getString()));
			case VALUE_TRUE -> NODES.booleanNode(true);
			case VALUE_FALSE -> NODES.booleanNode(false);
			case VALUE_NULL -> NODES.nullNode();
			case NOT_AVAILABLE, END_OBJECT, END_ARRAY, PROPERTY_NAME, VALUE_EMBEDDED_OBJECT ->
				throw new IllegalStateException("Unexpected " + parser.currentToken());
		};
	}

	private static ObjectNode object(JsonParser parser, Flaws flaws) {
		ObjectNode object = NODES.objectNode();
		while (parser.nextToken() != JsonToken.END_OBJECT) {
			String name = text(parser, parser.currentName(), flaws);
			if (object.has(name)) {
				flaws.add(pointer(parser), "occurs twice");
			}
			parser.nextToken();
			object.set(name, value(parser, flaws));
		}
		return object;
	}

	private static ArrayNode array(JsonParser parser, Flaws flaws) {
		ArrayNode array = NODES.arrayNode();
		while (parser.nextToken() != JsonToken.END_ARRAY) {
			array.add(value(parser, flaws));
		}
		return array;
	}

	private static String text(JsonParser parser, String text, Flaws flaws) {
		if (hasHalfPair(text)) {
			flaws.add(pointer(parser), "holds half a surrogate pair, which is no Unicode");
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

	private static String pointer(JsonParser parser) {
		StringBuilder pointer = new StringBuilder("#");
		String path = parser.streamReadContext().pathAsPointer().toString();
		if (!path.isEmpty()) {
			for (String segment : path.substring(1).split("/", -1)) {
				String name = segment.replace("~1", "/").replace("~0", "~");
				pointer.append(Flaws.pointer("", name));
			}
		}
		return pointer.toString();
	}

}
