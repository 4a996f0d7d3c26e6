/**
 * What an administrator asks of the connections of a node: calls that list them, show one
 * and end some.
 */
@NullMarked
package io.fanfare.node.admin;

import org.jspecify.annotations.NullMarked;
