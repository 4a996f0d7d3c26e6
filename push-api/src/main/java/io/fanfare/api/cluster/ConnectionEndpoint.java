package io.fanfare.api.cluster;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.regex.Pattern;

import io.fanfare.api.auth.RequiresScope;
import io.fanfare.api.auth.Scope;
import io.fanfare.api.problem.Answers;
import io.fanfare.api.problem.FieldError;
import io.fanfare.api.problem.ProblemException;
import io.fanfare.api.problem.ProblemType;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.ConnectionState;
import io.fanfare.protocol.ConnectionStatus;
import io.fanfare.protocol.Tier;
import io.fanfare.protocol.redis.CallName;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/**
 * The connections of a node. For administrators: an address is personal data, and a
 * connection's id is all that it takes to end it.
 */
@RestController
@Tag(name = "Cluster")
class ConnectionEndpoint {

	private static final int MAX_LIMIT = 1000;

	private static final int DEFAULT_LIMIT = 100;

	private static final Pattern LIMIT = Pattern.compile("[0-9]{1,4}");

	private static final Pattern CURSOR = Pattern.compile("[A-Za-z0-9_-]{1,300}");

	private final ClusterView view;

	private final NodeAsker nodes;

	ConnectionEndpoint(ClusterView view, NodeAsker nodes) {
		this.view = view;
		this.nodes = nodes;
	}

	/**
	 * A page of connections.
	 *
	 * @param node the node's identity
	 * @param connections the connections
	 * @param next where the next page begins, or null at the end
	 */
	record ConnectionPage(@Schema(example = "node-1.x7Gh2kPq") String node, List<ConnectionAnswer> connections, @Schema(
			types = {
					"string", "null" },
			description = "To be sent as after, with the same filters; null at the end.") @Nullable String next){

	}

	/** As the node tells it. */
	private record Told(List<ConnectionStatus> connections, @Nullable String next) {

	}

	@GetMapping(path = "/v1/nodes/{node}/connections", produces = MediaType.APPLICATION_JSON_VALUE)
	@RequiresScope(Scope.ADMIN)
	@Answers({ ProblemType.NOT_FOUND, ProblemType.NODE_UNAVAILABLE, ProblemType.REDIS_UNAVAILABLE })
	@Operation(operationId = "listConnections", summary = "List the connections of a node",
			description = "In the order of their opening; each that stays while the pages are read is on one of them."
					+ " With state=closed the last 1000 that ended on the node, newest first. Other filters hold too.")
	ConnectionPage list(
			@Parameter(description = "The node's identity, or its name.", example = "node-1",
					schema = @Schema(ref = "#/components/schemas/NodeName")) @PathVariable String node,
			@Parameter(description = "Only in this state.", schema = @Schema(type = "string",
					allowableValues = { "connecting", "waiting", "active", "idle", "error", "closed" })) @RequestParam(
							required = false) @Nullable String state,
			@Parameter(description = "Only of this user.",
					schema = @Schema(ref = "#/components/schemas/UserId")) @RequestParam(
							required = false) @Nullable String user,
			@Parameter(description = "Only of this tier.",
					schema = @Schema(type = "string", allowableValues = { "high", "normal", "low" })) @RequestParam(
							required = false) @Nullable String tier,
			@Parameter(description = "Only from this IP address.",
					schema = @Schema(type = "string", pattern = "^[0-9A-Fa-f:.]*$")) @RequestParam(
							required = false) @Nullable String address,
			@Parameter(description = "At most so many.",
					schema = @Schema(type = "integer", minimum = "1", maximum = "1000", defaultValue = "100"),
					example = "10") @RequestParam(required = false) @Nullable String limit,
			@Parameter(description = "next of the page before.",
					schema = @Schema(type = "string", maxLength = 300, pattern = "^[A-Za-z0-9_-]*$")) @RequestParam(
							required = false) @Nullable String after) {
		List<FieldError> errors = new ArrayList<>();
		Map<String, Object> wanted = new HashMap<>();
		check("state", given(state), (one) -> ConnectionState.find(one) != null,
				"must be connecting, waiting, active, idle, error or closed", wanted, errors);
		check("user", given(user), ChannelName::isUser,
				"must have 1 to " + ChannelName.MAX_USER_LENGTH + " characters and no controls", wanted, errors);
		check("tier", given(tier), (one) -> Tier.find(one) != null, "must be high, normal or low", wanted, errors);
		check("address", given(address), (one) -> literal(one) != null, "must be an IP address", wanted, errors);
		wanted.computeIfPresent("address", (name, one) -> literal((String) one));
		check("after", given(after), (one) -> CURSOR.matcher(one).matches(), "is no next of such a list", wanted,
				errors);
		wanted.put("limit", limit(limit, errors));
		if (!errors.isEmpty()) {
			throw ProblemException.of(ProblemType.INVALID_REQUEST, errors);
		}
		String identity = this.view.find(node).node();
		Told told = this.nodes.await(this.nodes.ask(identity, CallName.LIST_CONNECTIONS, wanted), Told.class);
		return new ConnectionPage(identity,
				told.connections().stream().map((one) -> ConnectionAnswer.of(one, true)).toList(), told.next());
	}

	/** An empty parameter counts as absent. */
	private static @Nullable String given(@Nullable String text) {
		return (text == null || text.isEmpty()) ? null : text;
	}

	private static void check(String parameter, @Nullable String value, Predicate<String> fits, String rule,
			Map<String, Object> wanted, List<FieldError> errors) {
		if (value == null) {
			return;
		}
		if (fits.test(value)) {
			wanted.put(parameter, value);
		}
		else {
			errors.add(FieldError.ofParameter(parameter, rule));
		}
	}

	/** An address as nodes write it; names are not looked up, nor is 1.2 an address. */
	private static @Nullable String literal(String address) {
		try {
			String literal = InetAddress.ofLiteral(address).getHostAddress();
			return (address.contains(":") || address.equals(literal)) ? literal : null;
		}
		catch (IllegalArgumentException ex) {
			return null;
		}
	}

	private static int limit(@Nullable String value, List<FieldError> errors) {
		String text = given(value);
		if (text == null) {
			return DEFAULT_LIMIT;
		}
		int limit = LIMIT.matcher(text).matches() ? Integer.parseInt(text) : 0;
		if (limit < 1 || limit > MAX_LIMIT) {
			errors.add(FieldError.ofParameter("limit", "must be from 1 to " + MAX_LIMIT));
		}
		return limit;
	}

}
