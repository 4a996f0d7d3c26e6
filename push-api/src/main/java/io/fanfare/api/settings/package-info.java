/**
 * What is wrong with a setting, said in one line.
 */
@NullMarked
package io.fanfare.api.settings;

import org.jspecify.annotations.NullMarked;
