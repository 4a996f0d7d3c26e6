package io.fanfare.node.broker;

/**
 * The span of one message on its way through the node, from its arrival to its last
 * write. There is one per message, however many streams it goes to. Any thread may call;
 * nothing blocks.
 */
public interface DeliverySpan {

	/**
	 * So many loops take the message. Called once, before any of them has written it.
	 * @param loops how many; none where the node has no stream for it
	 */
	void expect(int loops);

	/**
	 * A loop has written it to the streams that were ready for it.
	 * @param streams how many streams of the loop receive it
	 */
	void written(int streams);

}
