package io.fanfare.api.console;

import java.io.IOException;
import java.nio.charset.StandardCharsets;

import jakarta.servlet.http.HttpServletResponse;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.stereotype.Controller;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestMethod;

/**
 * Tells the page which streams it offers. If the address came from a link, the author of
 * the link would receive the tokens that the page makes.
 */
@Controller
final class StreamsScript {

	private final byte[] script;

	StreamsScript(ConsoleSettings settings, JsonMapper mapper) {
		this.script = ("export default " + mapper.writeValueAsString(settings.streams()) + ";\n")
			.getBytes(StandardCharsets.UTF_8);
	}

	@RequestMapping(path = "/streams.js", method = RequestMethod.GET)
	void write(HttpServletResponse response) throws IOException {
		response.setContentType("text/javascript;charset=UTF-8");
		response.setContentLength(this.script.length);
		response.getOutputStream().write(this.script);
	}

}
