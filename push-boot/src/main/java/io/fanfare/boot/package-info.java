/**
 * What node and API share of Spring Boot: settings are checked before they are bound,
 * secrets kept out of the logs, a failed start is reported in one line, and the links to
 * Redis are beans.
 */
@NullMarked
package io.fanfare.boot;

import org.jspecify.annotations.NullMarked;
