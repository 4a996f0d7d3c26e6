package io.fanfare.api.json;

import io.fanfare.api.problem.ProblemException;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A request body that is well-formed JSON. Numbers are kept as they were written.
 *
 * @param root the document
 * @param errors what JSON allows and this API does not: names that occur twice, text that
 * is no Unicode
 */
public record JsonBody(JsonNode root, FieldErrors errors) {

	/**
	 * A body that may be left out. One that is JSON null is left out.
	 * @param body the body, or null
	 * @return what is left to read, or null if there is nothing
	 */
	public static @Nullable JsonBody optional(@Nullable JsonBody body) {
		return (body != null && !body.root().isNull()) ? body : null;
	}

	/** Without what it holds: Spring MVC logs at DEBUG what it read. */
	@Override
	public String toString() {
		return "JsonBody[" + this.root.getNodeType() + "]";
	}

	/**
	 * The body as an object.
	 * @param shape what it is; other fields than its own are refused
	 * @return its fields
	 * @throws ProblemException if it is no object
	 */
	public Fields fields(Rule.Shape shape) {
		if (this.root instanceof ObjectNode object) {
			return new Fields(object, "#", this.errors).allow(shape);
		}
		this.errors.add("#", "The body must be an object");
		throw this.errors.problem();
	}

}
