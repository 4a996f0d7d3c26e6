/**
 * What node and API share of the keys that verify JSON web tokens: their settings, the
 * keys themselves, and those of a JWKS address.
 */
@NullMarked
package io.fanfare.boot.jwt;

import org.jspecify.annotations.NullMarked;
