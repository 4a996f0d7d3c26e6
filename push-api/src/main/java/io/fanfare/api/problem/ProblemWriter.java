package io.fanfare.api.problem;

import java.io.IOException;

import jakarta.servlet.http.HttpServletResponse;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.http.MediaType;
import org.springframework.stereotype.Component;

/** Writes problem documents where Spring MVC is not at work: in filters. */
@Component
public final class ProblemWriter {

	private final JsonMapper mapper;

	ProblemWriter(JsonMapper mapper) {
		this.mapper = mapper;
	}

	/**
	 * Answers with a problem. Headers must have been set before.
	 * @param response what to answer on
	 * @param problem the document
	 * @throws IOException if the caller is gone
	 */
	public void write(HttpServletResponse response, Problem problem) throws IOException {
		byte[] body = this.mapper.writeValueAsBytes(problem);
		response.setStatus(problem.status());
		response.setContentType(MediaType.APPLICATION_PROBLEM_JSON_VALUE);
		response.setContentLength(body.length);
		response.getOutputStream().write(body);
		// At once: Tomcat waits for a body that was not read before it sends what it has
		// buffered
		response.flushBuffer();
	}

}
