package io.fanfare.test.process;

import java.io.IOException;
import java.net.ServerSocket;
import java.util.List;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class PortsTests {

	@Test
	void portsAreDifferentAndCanBeListenedOn() throws IOException {
		List<Integer> ports = Ports.free(50);
		assertThat(ports).doesNotHaveDuplicates().allMatch((port) -> port < 32_768);
		try (ServerSocket server = new ServerSocket(ports.getFirst())) {
			assertThat(Ports.isFree(server.getLocalPort())).isFalse();
		}
		assertThat(Ports.isFree(ports.getFirst())).isTrue();
	}

}
