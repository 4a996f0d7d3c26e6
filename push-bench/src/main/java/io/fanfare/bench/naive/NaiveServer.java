package io.fanfare.bench.naive;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

import org.springframework.boot.Banner;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;

/** What tutorials show: emitters in a list, and a loop that sends to each. */
@SpringBootApplication
@RestController
public class NaiveServer {

	private final List<SseEmitter> emitters = new CopyOnWriteArrayList<>();

	private long id;

	/**
	 * Starts it.
	 * @param arguments settings
	 */
	public static void run(String[] arguments) {
		new SpringApplicationBuilder(NaiveServer.class).bannerMode(Banner.Mode.OFF).run(arguments);
	}

	@GetMapping("/events")
	SseEmitter events() throws IOException {
		SseEmitter emitter = new SseEmitter(0L);
		emitter.onCompletion(() -> this.emitters.remove(emitter));
		emitter.onError((failure) -> this.emitters.remove(emitter));
		emitter.send(SseEmitter.event().comment(""));
		this.emitters.add(emitter);
		return emitter;
	}

	@PostMapping("/publish")
	synchronized void publish(@RequestBody String data) {
		String next = Long.toString(++this.id);
		List<SseEmitter> failed = new ArrayList<>();
		for (SseEmitter emitter : this.emitters) {
			try {
				emitter.send(SseEmitter.event().id(next).data(data));
			}
			catch (IOException | IllegalStateException ex) {
				failed.add(emitter);
			}
		}
		this.emitters.removeAll(failed);
	}

}
