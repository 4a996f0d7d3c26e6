/** What needs JUnit. The other packages serve programs too. */
@NullMarked
package io.fanfare.test.junit;

import org.jspecify.annotations.NullMarked;
