/**
 * What time does to a stream: heartbeats and a cursor that stays young, readers that
 * stall, clients that no longer receive, and ends that are due. Each policy is given
 * values, and answers what is to be done and when it wants to be asked again. No policy
 * has state, a clock or a timer of its own.
 */
@NullMarked
package io.fanfare.node.timer;

import org.jspecify.annotations.NullMarked;
