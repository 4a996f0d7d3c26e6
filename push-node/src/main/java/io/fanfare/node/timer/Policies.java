package io.fanfare.node.timer;

/**
 * The policies, which all connections of a loop share.
 *
 * @param activity keeps quiet streams alive
 * @param stall ends slow readers
 * @param liveness ends streams that reach no client
 * @param schedule ends streams whose time is over
 */
public record Policies(ActivityPolicy activity, StallPolicy stall, LivenessPolicy liveness, SchedulePolicy schedule) {

}
