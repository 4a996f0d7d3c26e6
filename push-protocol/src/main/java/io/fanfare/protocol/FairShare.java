package io.fanfare.protocol;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How many connections a node should have: of all that are open, what its limit is of all
 * limits. Streams live long, so a node that is added stays empty until others send some
 * of theirs on.
 */
public final class FairShare {

	private final List<NodeStatus> nodes;

	private final double fill;

	/**
	 * Makes it for a cluster.
	 * @param cluster what its nodes said last; only those that are up count
	 */
	public FairShare(List<NodeStatus> cluster) {
		this.nodes = cluster.stream().filter((node) -> node.is(NodeState.UP)).toList();
		long active = this.nodes.stream().mapToLong(NodeStatus::active).sum();
		long limit = this.nodes.stream().mapToLong(NodeStatus::limit).sum();
		this.fill = (limit > 0) ? (double) active / limit : 0;
	}

	/**
	 * How many connections a node should have.
	 * @param node the node
	 * @return the share, which is no whole number
	 */
	public double of(NodeStatus node) {
		return this.fill * node.limit();
	}

	/**
	 * How many connections a node has above its share.
	 * @param node the node
	 * @return the surplus, 0 if it has none or is not up
	 */
	public int surplus(NodeStatus node) {
		return this.nodes.contains(node) ? Math.max(0, node.active() - (int) Math.ceil(of(node))) : 0;
	}

	/**
	 * The nodes that have more than their share.
	 * @return identity to surplus
	 */
	public Map<String, Integer> surpluses() {
		Map<String, Integer> surpluses = new LinkedHashMap<>();
		for (NodeStatus node : this.nodes) {
			int surplus = surplus(node);
			if (surplus > 0) {
				surpluses.put(node.node(), surplus);
			}
		}
		return surpluses;
	}

}
