/**
 * Notifies operators of alerts, where no Prometheus does: rules over what nodes report,
 * and channels to send to.
 */
@NullMarked
package io.fanfare.api.alert;

import org.jspecify.annotations.NullMarked;
