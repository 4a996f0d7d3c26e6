package io.fanfare.api.problem;

import java.io.IOException;
import java.nio.charset.StandardCharsets;

import io.fanfare.protocol.ProblemType;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.valves.ErrorReportValve;
import org.jspecify.annotations.Nullable;

/**
 * What Tomcat answers by itself before any filter runs: a target that is no URI, headers
 * that are too long, a body that ends early. Tomcat makes it by its name.
 */
public final class ProblemReportValve extends ErrorReportValve {

	@Override
	protected void report(Request request, Response response, @Nullable Throwable throwable) {
		int status = response.getStatus();
		if (status < 400 || response.getContentWritten() > 0 || !response.setErrorReported()) {
			return;
		}
		ProblemType type = Problem.typeOf(status);
		byte[] body = String
			.format("{\"type\":\"%s\",\"title\":\"%s\",\"status\":%d}", type.uri(), type.title(), status)
			.getBytes(StandardCharsets.UTF_8);
		try {
			response.setContentType("application/problem+json");
			response.setContentLength(body.length);
			response.getOutputStream().write(body);
			response.finishResponse();
		}
		catch (IOException | IllegalStateException ex) {
			// The caller is gone, or an answer was begun
			this.container.getLogger().trace("No report", ex);
		}
	}

}
