package io.fanfare.boot;

import java.util.List;

import org.springframework.core.io.support.SpringFactoriesLoader;

/**
 * Where a process listens: the names of the settings that say so, which are checked
 * before anything is bound. Each application names its own in {@code spring.factories}.
 */
public interface Listeners {

	/** The settings of the ports that the process binds. */
	List<String> ports();

	/** The settings of the addresses that it binds them to. */
	List<String> addresses();

	/** Those of all applications on the class path. */
	static List<Listeners> all() {
		return SpringFactoriesLoader.forDefaultResourceLocation().load(Listeners.class);
	}

}
