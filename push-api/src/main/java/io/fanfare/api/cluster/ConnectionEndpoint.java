package io.fanfare.api.cluster;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.regex.Pattern;

import io.fanfare.api.auth.RequiresScope;
import io.fanfare.api.auth.Scope;
import io.fanfare.api.problem.Answers;
import io.fanfare.api.problem.FieldError;
import io.fanfare.api.problem.ProblemException;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.ConnectionState;
import io.fanfare.protocol.ProblemType;
import io.fanfare.protocol.Tier;
import io.fanfare.protocol.call.CallRequest;
import io.fanfare.protocol.call.CallResult;
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

	private static final int MAX_LIMIT = CallRequest.ListConnections.MAX_LIMIT;

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
					schema = @Schema(type = "integer", minimum = "1", maximum = "" + MAX_LIMIT,
							defaultValue = "" + DEFAULT_LIMIT),
					example = "10") @RequestParam(required = false) @Nullable String limit,
			@Parameter(description = "next of the page before.",
					schema = @Schema(type = "string", maxLength = 300, pattern = "^[A-Za-z0-9_-]*$")) @RequestParam(
							required = false) @Nullable String after) {
		List<FieldError> errors = new ArrayList<>();
		ConnectionState wantedState = read("state", state, ConnectionState::find,
				"must be connecting, waiting, active, idle, error or closed", errors);
		String wantedUser = read("user", user, (one) -> ChannelName.isUser(one) ? one : null,
				"must have " + ChannelName.USER_RULE, errors);
		Tier wantedTier = read("tier", tier, Tier::find, "must be " + Tier.RULE, errors);
		String wantedAddress = read("address", address, ConnectionEndpoint::literal, "must be an IP address", errors);
		String cursor = read("after", after, (one) -> CURSOR.matcher(one).matches() ? one : null,
				"is no next of such a list", errors);
		int wantedLimit = limit(limit, errors);
		if (!errors.isEmpty()) {
			throw ProblemException.of(ProblemType.INVALID_REQUEST, errors);
		}
		String identity = this.view.find(node).node();
		CallResult.Listing listing = this.nodes
			.await(this.nodes.ask(identity, new CallRequest.ListConnections(wantedState, wantedUser, wantedTier,
					wantedAddress, wantedLimit, cursor)));
		return new ConnectionPage(identity,
				listing.connections().stream().map((one) -> ConnectionAnswer.of(one, true)).toList(), listing.next());
	}

	/** An empty parameter counts as absent. */
	private static @Nullable String given(@Nullable String text) {
		return (text == null || text.isEmpty()) ? null : text;
	}

	/**
	 * Null where it is absent, and where the reader makes nothing of it, which is noted.
	 */
	private static <T> @Nullable T read(String parameter, @Nullable String value, Function<String, @Nullable T> reader,
			String rule, List<FieldError> errors) {
		String text = given(value);
		T read = (text != null) ? reader.apply(text) : null;
		if (text != null && read == null) {
			errors.add(FieldError.ofParameter(parameter, rule));
		}
		return read;
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
