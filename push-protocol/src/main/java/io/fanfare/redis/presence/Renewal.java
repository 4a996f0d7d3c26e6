package io.fanfare.redis.presence;

import java.util.List;

/**
 * What a renewal found.
 *
 * @param headId the head id: the last id given
 * @param dataLossFloor the id below which the store may have lost something
 * @param verdicts of those that are not simply fine
 */
public record Renewal(long headId, long dataLossFloor, List<Verdict> verdicts) {

}
