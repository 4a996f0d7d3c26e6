package io.fanfare.api.auth;

import java.io.IOException;
import java.util.List;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;

import org.springframework.security.core.Authentication;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.web.filter.OncePerRequestFilter;

/** Tells the observers who calls; to stand behind what authenticates. */
final class CallerObserverFilter extends OncePerRequestFilter {

	private final List<CallerObserver> observers;

	CallerObserverFilter(List<CallerObserver> observers) {
		this.observers = observers;
	}

	@Override
	protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
			throws ServletException, IOException {
		Authentication authentication = SecurityContextHolder.getContext().getAuthentication();
		if (authentication != null && authentication.getPrincipal() instanceof Caller caller) {
			this.observers.forEach((observer) -> observer.known(caller, response));
		}
		chain.doFilter(request, response);
	}

}
