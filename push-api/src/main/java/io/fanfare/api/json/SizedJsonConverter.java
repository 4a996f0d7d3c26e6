package io.fanfare.api.json;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Map;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.core.ResolvableType;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpOutputMessage;
import org.springframework.http.converter.json.JacksonJsonHttpMessageConverter;

/**
 * Writes answers with their length, in one piece. Written as they are made they would be
 * chunked, and the end of each would be a packet by itself.
 */
final class SizedJsonConverter extends JacksonJsonHttpMessageConverter {

	SizedJsonConverter(JsonMapper mapper) {
		super(mapper);
	}

	@Override
	protected void writeInternal(Object answer, ResolvableType type, HttpOutputMessage message,
			@Nullable Map<String, Object> hints) throws IOException {
		ByteArrayOutputStream body = new ByteArrayOutputStream();
		super.writeInternal(answer, type, new Buffered(message.getHeaders(), body), hints);
		message.getHeaders().setContentLength(body.size());
		body.writeTo(message.getBody());
	}

	/** An answer that is not sent yet. */
	private record Buffered(HttpHeaders headers, OutputStream body) implements HttpOutputMessage {

		@Override
		public HttpHeaders getHeaders() {
			return this.headers;
		}

		@Override
		public OutputStream getBody() {
			return this.body;
		}

	}

}
