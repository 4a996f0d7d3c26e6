package io.fanfare.api.event;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * {@code fanfare.receipts}: verdicts of messages that are published with a deadline. The
 * nodes must have the same.
 *
 * @param enabled whether a message may have a deadline. Each of its users costs Redis two
 * writes and an event. False by default
 */
@Validated
@ConfigurationProperties("fanfare.receipts")
public record ReceiptSettings(@DefaultValue("false") boolean enabled) {

}
