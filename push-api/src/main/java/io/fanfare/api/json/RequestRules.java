package io.fanfare.api.json;

import java.util.List;

/** The rules of requests that one feature reads: beans, for the OpenAPI document. */
public interface RequestRules {

	/**
	 * The rules of whole requests; those of their parts are found in them.
	 * @return rules with names
	 */
	List<Rule> rules();

}
