package io.fanfare.node;

import java.io.IOException;
import java.nio.charset.StandardCharsets;

import io.fanfare.protocol.ProblemType;
import jakarta.servlet.RequestDispatcher;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;

import org.springframework.boot.webmvc.error.ErrorController;
import org.springframework.http.MediaType;
import org.springframework.stereotype.Controller;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestMethod;

/**
 * Answers on the control port where a filter or the container ended the request by an
 * error, which Spring MVC does not see: a problem document without a detail.
 */
@Controller
class ControlPortErrors implements ErrorController {

	/** Or Spring MVC would answer it with the methods of this address. */
	@RequestMapping(path = "${spring.web.error.path:/error}", method = RequestMethod.OPTIONS)
	void options(HttpServletRequest request, HttpServletResponse response) throws IOException {
		error(request, response);
	}

	@RequestMapping("${spring.web.error.path:/error}")
	void error(HttpServletRequest request, HttpServletResponse response) throws IOException {
		Object code = request.getAttribute(RequestDispatcher.ERROR_STATUS_CODE);
		// Without a code a client asked for this very address
		int status = (code instanceof Integer number) ? number : ProblemType.NOT_FOUND.status();
		write(response, status, switch (status) {
			case 400 -> ProblemType.INVALID_REQUEST;
			case 404 -> ProblemType.NOT_FOUND;
			case 405 -> ProblemType.METHOD_NOT_ALLOWED;
			case 406 -> ProblemType.NOT_ACCEPTABLE;
			default -> (status >= 500) ? ProblemType.UNAVAILABLE : ProblemType.REFUSED;
		});
	}

	/** Writes a problem document. */
	static void write(HttpServletResponse response, int status, ProblemType type) throws IOException {
		byte[] body = ("{\"type\":\"" + type.uri() + "\",\"title\":\"" + type.title() + "\",\"status\":" + status + "}")
			.getBytes(StandardCharsets.US_ASCII);
		response.setStatus(status);
		response.setContentType(MediaType.APPLICATION_PROBLEM_JSON_VALUE);
		response.setContentLength(body.length);
		response.getOutputStream().write(body);
		// At once: Tomcat waits for a body that was not read before it sends what it has
		// buffered
		response.flushBuffer();
	}

}
