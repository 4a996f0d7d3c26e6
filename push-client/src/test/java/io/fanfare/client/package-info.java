/**
 * The browser client: its own tests, which Node.js runs, and what it has in common with
 * the platform.
 */
@NullMarked
package io.fanfare.client;

import org.jspecify.annotations.NullMarked;
