package io.fanfare.node.receipt;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * Verdicts of messages that are published with a deadline. The API must have the same.
 *
 * @param enabled whether streams remember of which messages a verdict is awaited: 8 bytes
 * each, 100 per stream at most, and a call to Redis for what is acknowledged every 200 ms
 */
@Validated
@ConfigurationProperties("fanfare.receipts")
public record ReceiptSettings(@DefaultValue("false") boolean enabled) {

}
