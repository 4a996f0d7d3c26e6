package io.fanfare.api.json;

import java.io.IOException;
import java.util.List;

import io.fanfare.api.problem.FieldError;
import io.fanfare.api.problem.ProblemException;
import io.fanfare.protocol.ProblemType;

import io.fanfare.protocol.guard.Ticker;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpInputMessage;
import org.springframework.http.HttpOutputMessage;
import org.springframework.http.MediaType;
import org.springframework.http.converter.AbstractHttpMessageConverter;
import org.springframework.http.server.ServletServerHttpRequest;
import org.springframework.stereotype.Component;

/**
 * Reads a {@link JsonBody} from a request, not a byte further than it may be long. A body
 * in a content coding is refused.
 */
@Component
final class JsonBodyConverter extends AbstractHttpMessageConverter<JsonBody> {

	/** The coding that is none (RFC 9110, section 12.5.3). */
	private static final String IDENTITY = "identity";

	private final int max;

	private final BodyBudget budget;

	private final BodyReader reader;

	JsonBodyConverter(BodySettings settings, BodyBudget budget, Ticker ticker) {
		super(MediaType.APPLICATION_JSON);
		this.max = Math.toIntExact(settings.max().toBytes());
		this.budget = budget;
		this.reader = new BodyReader(this.max, budget, ticker);
	}

	@Override
	protected boolean supports(Class<?> type) {
		return type == JsonBody.class;
	}

	@Override
	protected boolean canWrite(org.springframework.http.@org.jspecify.annotations.Nullable MediaType mediaType) {
		return false;
	}

	@Override
	protected JsonBody readInternal(Class<? extends JsonBody> type, HttpInputMessage message) throws IOException {
		for (String coding : message.getHeaders().getOrEmpty(HttpHeaders.CONTENT_ENCODING)) {
			if (!coding.isEmpty() && !coding.equalsIgnoreCase(IDENTITY)) {
				throw ProblemException
					.of(ProblemType.UNSUPPORTED_MEDIA_TYPE,
							List.of(FieldError.ofHeader(HttpHeaders.CONTENT_ENCODING, "only identity is understood")))
					.with(HttpHeaders.ACCEPT_ENCODING, IDENTITY);
			}
		}
		if (message.getHeaders().getContentLength() > this.max) {
			throw this.reader.tooLarge();
		}
		return StrictJson.parse(this.reader.read(message.getBody(), (body) -> {
			if (message instanceof ServletServerHttpRequest request) {
				this.budget.read(body, request.getServletRequest());
			}
		}));
	}

	@Override
	protected void writeInternal(JsonBody body, HttpOutputMessage message) {
		throw new UnsupportedOperationException("Bodies are only read");
	}

}
