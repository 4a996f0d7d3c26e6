package io.fanfare.protocol;

import java.util.Locale;

import com.fasterxml.jackson.annotation.JsonValue;
import org.jspecify.annotations.Nullable;

/** How much a stream counts where there is not room for all. */
public enum Tier {

	/** Is let in before the others. */
	HIGH,
	/** What a token without a tier gets. */
	NORMAL,
	/** Makes room first. */
	LOW;

	/** Which tiers there are, for people: "must be" goes before it. */
	public static final String RULE = "high, normal or low";

	private final String wireName = name().toLowerCase(Locale.ROOT);

	/**
	 * The name in tokens, presence and answers.
	 * @return the name
	 */
	@JsonValue
	public String wireName() {
		return this.wireName;
	}

	/**
	 * Finds a tier by its wire name.
	 * @param wireName the name
	 * @return the tier, or null if there is none of that name
	 */
	public static @Nullable Tier find(String wireName) {
		for (Tier tier : values()) {
			if (tier.wireName.equals(wireName)) {
				return tier;
			}
		}
		return null;
	}

}
