package io.fanfare.redis.presence;

import java.util.List;

import io.fanfare.redis.revocation.RevocationPage;

/**
 * What a renewal found.
 *
 * @param headId the head id: the last id given
 * @param dataLossFloor the id below which the store may have lost something
 * @param revoked what was revoked since the last entry of the log that was known
 * @param verdicts of those that are not simply fine
 */
public record Renewal(long headId, long dataLossFloor, RevocationPage revoked, List<Verdict> verdicts) {

}
