package io.fanfare.node.observability;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * What a node logs besides changes of its state.
 *
 * @param streams whether each stream that begins and each that ends has a line, of which
 * there are at most 100 per second
 */
@Validated
@ConfigurationProperties("fanfare.log")
public record LogSettings(@DefaultValue("false") boolean streams) {

}
