package io.fanfare.node.ratelimit;

/**
 * What is left of a quota.
 *
 * @param quota the quota
 * @param remaining how much of it is left
 */
public record QuotaUse(Quota quota, int remaining) {

}
