package io.fanfare.doctor.diagnosis;

import org.jspecify.annotations.Nullable;

/**
 * Something that lies between client and node.
 *
 * @param id its id in the {@link Catalogue}
 * @param detail what was seen of it, as a sentence, or null
 */
public record Finding(String id, @Nullable String detail) {

	/** Characters that are shown of what a server says. */
	private static final int MAX_SHOWN = 100;

	/** What a server says, as far as it is shown. */
	static String shown(String said) {
		return (said.length() > MAX_SHOWN) ? said.substring(0, MAX_SHOWN) + "…" : said;
	}

	/**
	 * What it means.
	 * @return its entry in the catalogue
	 */
	public Catalogue.Entry entry() {
		Catalogue.Entry entry = Catalogue.entries().get(this.id);
		if (entry == null) {
			throw new IllegalStateException("No finding has the id " + this.id);
		}
		return entry;
	}

	/**
	 * Whether it is more than a note.
	 * @return whether streams suffer
	 */
	public boolean isProblem() {
		return entry().severity() == Catalogue.Severity.PROBLEM;
	}

}
