package io.fanfare.api.auth;

import java.util.ArrayList;
import java.util.List;

import io.fanfare.protocol.settings.InvalidSettingException;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.security.web.util.matcher.IpAddressMatcher;
import org.springframework.validation.annotation.Validated;

/** Where callers are, and how often each address may send wrong keys. */
final class AddressSettings {

	private AddressSettings() {
	}

	/**
	 * {@code fanfare}: who says where callers are.
	 *
	 * @param trustedProxies addresses, or CIDR blocks of them, of proxies whose
	 * {@code X-Forwarded-For} is believed. As for nodes
	 */
	@Validated
	@ConfigurationProperties("fanfare")
	record Proxies(@DefaultValue( {
			"127.0.0.0/8", "::1" }) List<String> trustedProxies){

		Proxies {
			parse("fanfare.trusted-proxies", trustedProxies);
		}

		List<IpAddressMatcher> blocks() {
			return parse("fanfare.trusted-proxies", this.trustedProxies);
		}

	}

	/**
	 * {@code fanfare.limits}: whom no limit of addresses concerns.
	 *
	 * @param exempt addresses, or CIDR blocks of them. As for nodes
	 */
	@Validated
	@ConfigurationProperties("fanfare.limits")
	record Exemptions(@DefaultValue( {
			"127.0.0.0/8", "::1" }) List<String> exempt){

		Exemptions {
			parse("fanfare.limits.exempt", exempt);
		}

		List<IpAddressMatcher> blocks() {
			return parse("fanfare.limits.exempt", this.exempt);
		}

	}

	/**
	 * {@code fanfare.api.limits}: wrong keys.
	 *
	 * @param refusalsPerMinute how many wrong keys and tokens an address may send within
	 * a minute; after them, keys and tokens that are not known are refused unchecked.
	 * Counted by each API process. 0: any number. Default: 60
	 */
	@Validated
	@ConfigurationProperties("fanfare.api.limits")
	record Wrong(@Min(0) @Max(100_000) @DefaultValue("60") int refusalsPerMinute) {

	}

	private static List<IpAddressMatcher> parse(String setting, List<String> texts) {
		List<IpAddressMatcher> blocks = new ArrayList<>(texts.size());
		for (String text : texts) {
			try {
				blocks.add(new IpAddressMatcher(text.strip()));
			}
			catch (IllegalArgumentException ex) {
				throw new InvalidSettingException(setting,
						"has IP addresses and CIDR blocks such as 192.0.2.1 or 2001:db8::/32; number "
								+ (texts.indexOf(text) + 1) + " is neither");
			}
		}
		return List.copyOf(blocks);
	}

}
