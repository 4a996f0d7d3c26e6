package io.fanfare.api.auth;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

import jakarta.servlet.http.HttpServletRequest;
import org.jspecify.annotations.Nullable;

import org.springframework.security.web.util.matcher.IpAddressMatcher;
import org.springframework.stereotype.Component;

/**
 * Finds where a caller is, as nodes do: the other end of the connection, unless that is a
 * trusted proxy; then {@code X-Forwarded-For} is read from the right, trusted proxies are
 * skipped, and the first other address is the caller's. An entry that is no address ends
 * the search.
 */
@Component
public final class ClientAddress {

	private static final String FORWARDED_FOR = "X-Forwarded-For";

	private final List<IpAddressMatcher> trusted;

	ClientAddress(AddressSettings.Proxies settings) {
		this.trusted = settings.blocks();
	}

	/**
	 * Finds where a caller is.
	 * @param request its request
	 * @return the address
	 */
	public InetAddress of(HttpServletRequest request) {
		InetAddress address = InetAddress.ofLiteral(withoutZone(request.getRemoteAddr()));
		if (!lies(address, this.trusted)) {
			return address;
		}
		List<String> entries = new ArrayList<>();
		for (String field : Collections.list(request.getHeaders(FORWARDED_FOR))) {
			Collections.addAll(entries, field.split(",", -1));
		}
		for (String entry : entries.reversed()) {
			InetAddress before = parse(entry.strip());
			if (before == null) {
				return address;
			}
			address = before;
			if (!lies(address, this.trusted)) {
				return address;
			}
		}
		return address;
	}

	static boolean lies(InetAddress address, List<IpAddressMatcher> blocks) {
		String text = withoutZone(address.getHostAddress());
		return blocks.stream().anyMatch((block) -> block.matches(text));
	}

	/** With or without a port. Names are not resolved. */
	private static @Nullable InetAddress parse(String entry) {
		String text = entry;
		if (entry.startsWith("[") && entry.indexOf(']') > 0) {
			text = entry.substring(1, entry.indexOf(']'));
		}
		else if (entry.indexOf(':') >= 0 && entry.indexOf(':') == entry.lastIndexOf(':')) {
			text = entry.substring(0, entry.indexOf(':'));
		}
		try {
			return InetAddress.ofLiteral(withoutZone(text));
		}
		catch (IllegalArgumentException ex) {
			return null;
		}
	}

	private static String withoutZone(String literal) {
		int zone = literal.indexOf('%');
		return (zone < 0) ? literal : literal.substring(0, zone);
	}

}
