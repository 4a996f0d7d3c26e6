package io.fanfare.node.catchup;

import java.util.List;

import io.fanfare.node.broker.Message;

/**
 * One round of catching up: a batch of every channel of a connection, merged.
 *
 * @param upTo the id up to which it is complete for all of them
 * @param since the id below which Redis may have lost something
 * @param complete whether nothing more was retained above it when it was read
 * @param messages those up to that id, in id order
 * @param gaps what is missing, one a channel at most
 */
public record Round(long upTo, long since, boolean complete, List<Message> messages, List<Gap> gaps) {

}
