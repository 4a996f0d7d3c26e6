package io.fanfare.api.json;

import io.fanfare.api.problem.ProblemException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A request body that is well-formed JSON. Numbers are kept as they were written.
 *
 * @param root the document
 * @param flaws what JSON allows and this API does not: names that occur twice, text that
 * is no Unicode
 */
public record JsonBody(JsonNode root, Flaws flaws) {

	/**
	 * The body as an object.
	 * @return its fields
	 * @throws ProblemException if it is none
	 */
	public Fields fields() {
		if (this.root instanceof ObjectNode object) {
			return new Fields(object, "#", this.flaws);
		}
		this.flaws.add("#", "The body must be an object");
		throw this.flaws.problem();
	}

}
