/**
 * Strict reading of request bodies: every error is named by a JSON pointer. What a
 * request may hold is described by rules, which are checked and from which the OpenAPI
 * document is made.
 */
@NullMarked
package io.fanfare.api.json;

import org.jspecify.annotations.NullMarked;
