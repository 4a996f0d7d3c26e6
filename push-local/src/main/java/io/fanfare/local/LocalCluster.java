package io.fanfare.local;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A whole cluster in one JVM: Redis as a child process, two nodes and the API.
 */
public final class LocalCluster {

	private static final Logger log = LoggerFactory.getLogger(LocalCluster.class);

	private LocalCluster() {
	}

	public static void main(String[] args) {
		log.info("Nothing to start yet");
	}

}
