/**
 * The audit log of the API: administrative acts, and refused callers.
 */
@NullMarked
package io.fanfare.api.audit;

import org.jspecify.annotations.NullMarked;
