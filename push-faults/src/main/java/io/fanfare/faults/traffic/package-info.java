/**
 * Who uses a deployment: backends that publish, and pages that receive and write down
 * what they heard.
 */
@NullMarked
package io.fanfare.faults.traffic;

import org.jspecify.annotations.NullMarked;
