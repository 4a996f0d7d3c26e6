package io.fanfare.local;

import java.util.List;

import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.core.env.Environment;

/**
 * Settings of the local cluster, under {@code fanfare.local}; each may be an argument, a
 * system property or an environment variable such as {@code FANFARE_LOCAL_API_PORT}.
 *
 * @param streamPorts the stream ports, one for each node
 * @param controlPorts the control ports of the nodes, in the same order
 * @param apiPort the API's port
 * @param apiControlPort the API's control port
 * @param apiKey the secret of the one API key, which may do everything
 * @param jwtSecret signs stream tokens
 * @param endWithParent whether it ends with the process that started it: Maven, when it
 * is killed, does not say so
 */
record LocalSettings(@DefaultValue( {
		"8081", "8082" }) List<Integer> streamPorts, @DefaultValue({ "9081", "9082" }) List<Integer> controlPorts,
		@DefaultValue("8080") int apiPort, @DefaultValue("9080") int apiControlPort,
		@DefaultValue("dev-secret") String apiKey,
		@DefaultValue("only-for-the-local-cluster-never-in-production") String jwtSecret,
		@DefaultValue("false") boolean endWithParent){

	LocalSettings {
		if (streamPorts.size() != controlPorts.size()) {
			throw new IllegalArgumentException(
					"fanfare.local.stream-ports and fanfare.local.control-ports name as many ports as there are nodes");
		}
	}

	static LocalSettings from(Environment environment) {
		return Binder.get(environment).bindOrCreate("fanfare.local", LocalSettings.class);
	}

	@Override
	public String toString() {
		return "LocalSettings[streamPorts=" + this.streamPorts + ", controlPorts=" + this.controlPorts + ", apiPort="
				+ this.apiPort + ", apiControlPort=" + this.apiControlPort + "]";
	}

	int nodes() {
		return this.streamPorts.size();
	}

}
