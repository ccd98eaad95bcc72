package org.kmodwatch.agent.status;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class StatusServerTest {

  private final HttpClient client = HttpClient.newHttpClient();
  private final List<String> notes = new CopyOnWriteArrayList<>();
  private volatile Health health = new Health(List.of());
  private volatile @Nullable Throwable fault;

  @SuppressWarnings("NullAway.Init") // set before each test
  private StatusServer server;

  @BeforeEach
  void start() throws IOException {
    var metrics =
        new MetricSnapshots(
            CounterSnapshot.builder()
                .name("kmodwatch_sensor_lost")
                .help("Records lost, by reason.")
                .dataPoint(
                    CounterSnapshot.CounterDataPointSnapshot.builder()
                        .labels(Labels.of("reason", "a \"b\"\n"))
                        .value(3)
                        .build())
                .build());
    server =
        StatusServer.start(
            ListenAddress.parse("0"),
            List.of("node1.example"),
            () -> {
              switch (fault) {
                case RuntimeException e -> throw e;
                case Error e -> throw e;
                case null, default -> {}
              }
              return metrics;
            },
            () -> health,
            notes::add);
  }

  @AfterEach
  void stop() {
    server.close();
    client.close();
  }

  @Test
  void metrics_areInTheTextFormatOfPrometheus() throws Exception {
    HttpResponse<String> answer = get("/metrics");
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.headers().firstValue("Content-Type"))
        .contains("text/plain; version=0.0.4; charset=utf-8");
    assertThat(answer.body())
        .isEqualTo(
            """
            # HELP kmodwatch_sensor_lost_total Records lost, by reason.
            # TYPE kmodwatch_sensor_lost_total counter
            kmodwatch_sensor_lost_total{reason="a \\"b\\"\\n"} 3.0
            """);
  }

  @Test
  void metrics_areInOpenMetrics_whenAsked() throws Exception {
    HttpResponse<String> answer =
        send(request("/metrics").header("Accept", "application/openmetrics-text; version=1.0.0"));
    assertThat(answer.headers().firstValue("Content-Type"))
        .contains("application/openmetrics-text; version=1.0.0; charset=utf-8");
    assertThat(answer.body()).endsWith("# EOF\n");
  }

  @Test
  void healthz_is200_whenAllIsWell() throws Exception {
    HttpResponse<String> answer = get("/healthz");
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.body()).isEqualTo("{\"status\":\"ok\",\"troubles\":[]}\n");
  }

  @Test
  void healthz_is503AndSaysWhy_whenSomethingIsWrong() throws Exception {
    health = new Health(List.of("blind since 2026-11-24T10:00:00Z: ftrace: off"));
    HttpResponse<String> answer = get("/healthz");
    assertThat(answer.statusCode()).isEqualTo(503);
    assertThat(answer.body())
        .isEqualTo(
            "{\"status\":\"failing\",\"troubles\":[\"blind since 2026-11-24T10:00:00Z: ftrace:"
                + " off\"]}\n");
  }

  @Test
  void otherPathsAndMethods_areRefused() throws Exception {
    assertThat(get("/").statusCode()).isEqualTo(404);
    HttpResponse<String> post =
        send(request("/healthz").POST(HttpRequest.BodyPublishers.ofString("x")));
    assertThat(post.statusCode()).isEqualTo(405);
    assertThat(post.headers().firstValue("Allow")).contains("GET, HEAD");
  }

  @Test
  void head_hasNoBody() throws Exception {
    HttpResponse<String> answer =
        send(request("/healthz").method("HEAD", HttpRequest.BodyPublishers.noBody()));
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.body()).isEmpty();
  }

  @Test
  void answers_whileOthersAreConnectedAndSayNothing() throws Exception {
    URI uri = URI.create(server.url());
    var silent = new ArrayList<Socket>();
    try {
      for (int i = 0; i < 300; i++) {
        silent.add(new Socket(uri.getHost(), uri.getPort()));
      }
      assertThat(get("/healthz").statusCode()).isEqualTo(200);
    } finally {
      for (Socket socket : silent) {
        socket.close();
      }
    }
  }

  @Test
  void fault_isAnsweredWith500() throws Exception {
    fault = new IllegalArgumentException("no two series with the same labels");
    HttpResponse<String> answer = get("/metrics");
    assertThat(answer.statusCode()).isEqualTo(500);
    assertThat(get("/metrics").statusCode()).isEqualTo(500);
    assertThat(notes)
        .singleElement()
        .asString()
        .startsWith(
            "metrics and health: cannot answer GET /metrics: java.lang.IllegalArgumentException: no"
                + " two series with the same labels at ");
    assertThat(get("/healthz").statusCode()).isEqualTo(200);
  }

  @Test
  void error_isAnsweredWith500() throws Exception {
    fault = new StackOverflowError();
    assertThat(get("/metrics").statusCode()).isEqualTo(500);
  }

  @Test
  void hostThatIsNotOurs_isRefused() throws Exception {
    assertThat(raw("GET /healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n"))
        .startsWith("HTTP/1.1 421 ");
    assertThat(raw("GET /healthz HTTP/1.1\r\nHost: node1.example:9464\r\n\r\n"))
        .startsWith("HTTP/1.1 200 ");
    assertThat(raw("GET /healthz HTTP/1.0\r\n\r\n"))
        .as("a load balancer's check, which is no browser")
        .startsWith("HTTP/1.1 200 ");
  }

  @Test
  void whatIsNoRequest_isRefused() throws Exception {
    for (String request :
        List.of(
            "\n\n",
            "hello\r\n\r\n",
            "GET /healthz HTTP/1.1\r\n\r\n",
            "GET http://localhost/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
            "GET /healthz HTTP/1.1\r\nHost: localhost\r\n folded\r\n\r\n")) {
      assertThat(raw(request)).as(request).startsWith("HTTP/1.1 400 Bad Request\r\n");
    }
    assertThat(raw("GET /healthz HTTP/1.1\r\n" + "x: y\r\n".repeat(2000)))
        .startsWith("HTTP/1.1 431 ");
    assertThat(get("/healthz?x=1").statusCode()).isEqualTo(200);
  }

  @Test
  void answers_whileOthersConnectAndSayNothing_againAndAgain() throws Exception {
    URI uri = URI.create(server.url());
    var done = new AtomicBoolean();
    Thread crowd =
        Thread.ofPlatform()
            .start(
                () -> {
                  var silent = new ArrayDeque<Socket>();
                  try {
                    while (!done.get()) {
                      silent.addLast(new Socket(uri.getHost(), uri.getPort()));
                      if (silent.size() > 200) {
                        silent.removeFirst().close();
                      }
                    }
                    for (Socket socket : silent) {
                      socket.close();
                    }
                  } catch (IOException e) {
                    throw new UncheckedIOException(e);
                  }
                });
    try {
      int answered = 0;
      for (int i = 0; i < 20; i++) {
        answered += raw("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").isEmpty() ? 0 : 1;
      }
      assertThat(answered).as("of 20").isGreaterThan(10);
    } finally {
      done.set(true);
      crowd.join();
    }
  }

  private String raw(String request) throws IOException {
    URI uri = URI.create(server.url());
    try (var socket = new Socket(uri.getHost(), uri.getPort())) {
      socket.setSoTimeout(10_000);
      socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      socket.shutdownOutput();
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  @Test
  void start_fails_whenThePortIsTaken() {
    String port = Integer.toString(URI.create(server.url()).getPort());
    assertThatIOException()
        .isThrownBy(
            () ->
                StatusServer.start(
                    ListenAddress.parse(port),
                    List.of(),
                    MetricSnapshots::new,
                    () -> health,
                    notes::add));
  }

  private HttpResponse<String> get(String path) throws Exception {
    return send(request(path));
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(server.url() + path)).timeout(Duration.ofSeconds(10));
  }

  private HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
    return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }
}
