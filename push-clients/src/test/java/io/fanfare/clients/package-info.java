/**
 * Clients that are generated from the OpenAPI document of a running cluster.
 */
@NullMarked
package io.fanfare.clients;

import org.jspecify.annotations.NullMarked;
