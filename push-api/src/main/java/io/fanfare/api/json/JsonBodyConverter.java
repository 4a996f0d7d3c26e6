package io.fanfare.api.json;

import java.io.IOException;

import io.fanfare.api.problem.ProblemException;
import io.fanfare.api.problem.ProblemType;

import org.springframework.http.HttpInputMessage;
import org.springframework.http.HttpOutputMessage;
import org.springframework.http.MediaType;
import org.springframework.http.converter.AbstractHttpMessageConverter;
import org.springframework.stereotype.Component;

/** Reads a {@link JsonBody} from a request, not a byte further than it may be long. */
@Component
final class JsonBodyConverter extends AbstractHttpMessageConverter<JsonBody> {

	private final int max;

	JsonBodyConverter(BodySettings settings) {
		super(MediaType.APPLICATION_JSON);
		this.max = Math.toIntExact(settings.max().toBytes());
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
		if (message.getHeaders().getContentLength() > this.max) {
			throw tooLarge();
		}
		byte[] bytes = message.getBody().readNBytes(this.max + 1);
		if (bytes.length > this.max) {
			throw tooLarge();
		}
		return StrictJson.parse(bytes);
	}

	private ProblemException tooLarge() {
		return ProblemException.of(ProblemType.CONTENT_TOO_LARGE,
				"The body may have " + this.max + " bytes, whatever it holds");
	}

	@Override
	protected void writeInternal(JsonBody body, HttpOutputMessage message) {
		throw new UnsupportedOperationException("Bodies are only read");
	}

}
