package org.kmodwatch.agent.status;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.prometheus.metrics.expositionformats.ExpositionFormatWriter;
import io.prometheus.metrics.expositionformats.ExpositionFormats;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import org.kmodwatch.agent.output.JsonText;
import org.kmodwatch.core.event.Value;

/**
 * Answers {@code GET /metrics} in the text formats of Prometheus and OpenMetrics, and {@code GET
 * /healthz} with 200 or 503 and a JSON object. Anybody who can connect may ask; nothing can be
 * changed.
 */
public final class StatusServer implements AutoCloseable {

  private static final String OPEN_CONNECTIONS = "16";
  private static final String SECONDS_FOR_A_REQUEST = "10";

  private final HttpServer server;
  private final ExecutorService executor;
  private final ExpositionFormats formats = ExpositionFormats.init();
  private final Supplier<MetricSnapshots> metrics;
  private final Supplier<Health> health;

  private StatusServer(
      HttpServer server, Supplier<MetricSnapshots> metrics, Supplier<Health> health) {
    this.server = server;
    this.metrics = metrics;
    this.health = health;
    this.executor =
        Executors.newThreadPerTaskExecutor(
            Thread.ofVirtual().name("kmodwatch-status-", 0).factory());
  }

  /**
   * Listens and answers, on threads of its own.
   *
   * @param metrics called from any thread
   * @param health called from any thread
   * @throws IOException if the address cannot be listened on
   */
  public static StatusServer start(
      ListenAddress address, Supplier<MetricSnapshots> metrics, Supplier<Health> health)
      throws IOException {
    boundClients();
    var server = new StatusServer(HttpServer.create(address.socket(), 0), metrics, health);
    server.server.setExecutor(server.executor);
    server.server.createContext("/", server::answer);
    server.server.start();
    return server;
  }

  /** Where it is, without a slash at the end. */
  public String url() {
    InetSocketAddress address = server.getAddress();
    String host = address.getAddress().getHostAddress();
    return "http://%s:%d"
        .formatted(host.contains(":") ? "[" + host + "]" : host, address.getPort());
  }

  /**
   * Who connects and says nothing, or reads nothing, is let go. The JDK has no other way to say it.
   */
  private static void boundClients() {
    System.setProperty("jdk.httpserver.maxConnections", OPEN_CONNECTIONS);
    System.setProperty("sun.net.httpserver.maxReqTime", SECONDS_FOR_A_REQUEST);
    System.setProperty("sun.net.httpserver.maxRspTime", SECONDS_FOR_A_REQUEST);
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      String method = exchange.getRequestMethod();
      if (!method.equals("GET") && !method.equals("HEAD")) {
        exchange.getResponseHeaders().set("Allow", "GET, HEAD");
        send(exchange, 405, "text/plain; charset=utf-8", text("only GET and HEAD\n"));
        return;
      }
      switch (exchange.getRequestURI().getPath()) {
        case "/metrics" -> sendMetrics(exchange);
        case "/healthz" -> sendHealth(exchange);
        default ->
            send(
                exchange,
                404,
                "text/plain; charset=utf-8",
                text("there are /metrics and /healthz\n"));
      }
    }
  }

  private void sendMetrics(HttpExchange exchange) throws IOException {
    Headers headers = exchange.getRequestHeaders();
    ExpositionFormatWriter writer = formats.findWriter(headers.getFirst("Accept"));
    var body = new ByteArrayOutputStream();
    writer.write(body, metrics.get());
    send(exchange, 200, writer.getContentType(), body.toByteArray());
  }

  private void sendHealth(HttpExchange exchange) throws IOException {
    Health now = health.get();
    Map<String, Value> json = new LinkedHashMap<>();
    json.put("status", Value.of(now.isWell() ? "ok" : "failing"));
    json.put("troubles", Value.ofStrings(now.troubles()));
    send(
        exchange,
        now.isWell() ? 200 : 503,
        "application/json",
        text(JsonText.line(new Value.Obj(json)) + "\n"));
  }

  private static byte[] text(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static void send(HttpExchange exchange, int status, String type, byte[] body)
      throws IOException {
    exchange.getResponseHeaders().set("Content-Type", type);
    boolean withBody = exchange.getRequestMethod().equals("GET") && body.length > 0;
    // A length of 0 would mean one that is not known.
    exchange.sendResponseHeaders(status, withBody ? body.length : -1);
    if (withBody) {
      exchange.getResponseBody().write(body);
    }
  }

  /** Stops at once. */
  @Override
  public void close() {
    server.stop(0);
    executor.shutdownNow();
  }
}
