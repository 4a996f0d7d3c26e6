package io.fanfare.api.publish;

import java.time.Duration;

import jakarta.validation.constraints.NotNull;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * {@code fanfare.api}: how the API gets ready.
 *
 * @param warmUp how long it calls itself before it is ready, so that the JVM has compiled
 * what publishing takes; zero for not at all. The start takes so much longer, with all
 * processors at work. 10 s by default
 */
@Validated
@ConfigurationProperties("fanfare.api")
record WarmUpSettings(@NotNull @DurationMin @DurationMax(minutes = 5) @DefaultValue("10s") Duration warmUp) {

}
