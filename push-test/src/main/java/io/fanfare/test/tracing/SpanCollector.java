package io.fanfare.test.tracing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;

/**
 * A collector that keeps the spans it is sent, by OTLP over HTTP in protobuf
 * (opentelemetry-proto 1.x, {@code ExportTraceServiceRequest}).
 */
public final class SpanCollector implements AutoCloseable {

	private static final String PATH = "/v1/traces";

	private final HttpServer http;

	private final List<Span> spans = new CopyOnWriteArrayList<>();

	/** Starts one, on a free port of this machine. */
	public SpanCollector() {
		try {
			this.http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		this.http.createContext(PATH, this::take);
		this.http.start();
	}

	/**
	 * A span that was received.
	 *
	 * @param service the service that recorded it
	 * @param traceId its trace, 32 hexadecimal digits
	 * @param spanId its id, 16 hexadecimal digits
	 * @param parentId that of its parent, "" for none
	 * @param name its name
	 * @param kind its kind by number: 1 internal, 3 client, 4 producer, 5 consumer
	 * @param nanos how long it lasted
	 * @param attributes texts and numbers, numbers as texts
	 * @param failed whether its status is an error
	 */
	public record Span(String service, String traceId, String spanId, String parentId, String name, int kind,
			long nanos, Map<String, String> attributes, boolean failed) {

	}

	/**
	 * Where spans are to be sent.
	 * @return the address
	 */
	public String endpoint() {
		return "http://127.0.0.1:" + this.http.getAddress().getPort() + PATH;
	}

	/**
	 * What was received.
	 * @return all spans, in the order in which they arrived
	 */
	public List<Span> spans() {
		return List.copyOf(this.spans);
	}

	/**
	 * What was received of one kind.
	 * @param name the name
	 * @return the spans of that name
	 */
	public List<Span> spans(String name) {
		return this.spans.stream().filter((span) -> span.name().equals(name)).toList();
	}

	private void take(HttpExchange exchange) throws IOException {
		try (exchange) {
			for (List<ProtoField> resource : ProtoField
				.messages(ProtoField.read(exchange.getRequestBody().readAllBytes()), 1)) {
				String service = ProtoField.messages(resource, 1)
					.stream()
					.map(SpanCollector::attributes)
					.map((attributes) -> attributes.getOrDefault("service.name", ""))
					.findFirst()
					.orElse("");
				for (List<ProtoField> scope : ProtoField.messages(resource, 2)) {
					ProtoField.messages(scope, 2).forEach((span) -> this.spans.add(span(service, span)));
				}
			}
			exchange.getResponseHeaders().set("Content-Type", "application/x-protobuf");
			exchange.sendResponseHeaders(200, -1);
		}
	}

	private static Span span(String service, List<ProtoField> fields) {
		boolean failed = ProtoField.messages(fields, 15)
			.stream()
			.flatMap(List::stream)
			.anyMatch((field) -> field.number() == 3 && field.value() == 2);
		return new Span(service, hex(fields, 1), hex(fields, 2), hex(fields, 4), text(fields, 5),
				(int) number(fields, 6), number(fields, 8) - number(fields, 7), attributes(fields, 9), failed);
	}

	/** Those of a resource. */
	private static Map<String, String> attributes(List<ProtoField> fields) {
		return attributes(fields, 1);
	}

	private static Map<String, String> attributes(List<ProtoField> fields, int number) {
		Map<String, String> attributes = new HashMap<>();
		for (List<ProtoField> pair : ProtoField.messages(fields, number)) {
			for (List<ProtoField> value : ProtoField.messages(pair, 2)) {
				for (ProtoField one : value) {
					attributes.put(text(pair, 1), (one.number() == 1) ? one.text() : Long.toString(one.value()));
				}
			}
		}
		return attributes;
	}

	private static String hex(List<ProtoField> fields, int number) {
		return fields.stream()
			.filter((field) -> field.number() == number)
			.map((field) -> HexFormat.of().formatHex(field.bytes()))
			.findFirst()
			.orElse("");
	}

	private static String text(List<ProtoField> fields, int number) {
		return fields.stream().filter((field) -> field.number() == number).map(ProtoField::text).findFirst().orElse("");
	}

	private static long number(List<ProtoField> fields, int number) {
		return fields.stream()
			.filter((field) -> field.number() == number)
			.mapToLong(ProtoField::value)
			.findFirst()
			.orElse(0);
	}

	@Override
	public void close() {
		this.http.stop(0);
	}

}
