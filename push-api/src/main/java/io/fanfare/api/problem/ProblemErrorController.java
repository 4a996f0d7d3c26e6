package io.fanfare.api.problem;

import java.io.IOException;

import jakarta.servlet.RequestDispatcher;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;

import org.springframework.boot.webmvc.error.ErrorController;
import org.springframework.stereotype.Controller;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestMethod;

/**
 * Answers where a filter or the container ended the request by an error, which Spring MVC
 * does not see.
 */
@Controller
class ProblemErrorController implements ErrorController {

	private final ProblemWriter writer;

	ProblemErrorController(ProblemWriter writer) {
		this.writer = writer;
	}

	/** Or Spring MVC would answer it with the methods of this address. */
	@RequestMapping(path = "${spring.web.error.path:/error}", method = RequestMethod.OPTIONS)
	void options(HttpServletRequest request, HttpServletResponse response) throws IOException {
		error(request, response);
	}

	@RequestMapping("${spring.web.error.path:/error}")
	void error(HttpServletRequest request, HttpServletResponse response) throws IOException {
		Object code = request.getAttribute(RequestDispatcher.ERROR_STATUS_CODE);
		// Without a code a client asked for this very address
		int status = (code instanceof Integer number) ? number : 404;
		this.writer.write(response, Problem.of(Problem.typeOf(status), (String) null).withStatus(status));
	}

}
