/**
 * The description of the API that machines read.
 */
@NullMarked
package io.fanfare.api.openapi;

import org.jspecify.annotations.NullMarked;
