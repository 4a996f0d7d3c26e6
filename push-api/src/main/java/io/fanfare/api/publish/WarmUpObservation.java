package io.fanfare.api.publish;

import io.fanfare.api.auth.Caller;
import io.micrometer.common.KeyValue;
import jakarta.servlet.http.HttpServletRequest;

import org.springframework.http.server.observation.DefaultServerRequestObservationConvention;
import org.springframework.http.server.observation.ServerRequestObservationContext;
import org.springframework.stereotype.Component;

/** Keeps the requests of the {@link WarmUp} apart from those of callers. */
@Component
final class WarmUpObservation extends DefaultServerRequestObservationConvention {

	private static final KeyValue WARM_UP = KeyValue.of("uri", "warm-up");

	@Override
	protected KeyValue uri(ServerRequestObservationContext context) {
		HttpServletRequest request = context.getCarrier();
		return (request != null && request.getAttribute(Caller.REHEARSING) != null) ? WARM_UP : super.uri(context);
	}

}
