/**
 * Taking rights away before tokens expire.
 */
@NullMarked
package io.fanfare.api.revocation;

import org.jspecify.annotations.NullMarked;
