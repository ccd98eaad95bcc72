package org.kmodwatch.agent.status;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class StatusServerTest {

  private final HttpClient client = HttpClient.newHttpClient();
  private volatile Health health = new Health(List.of());

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
    server = StatusServer.start(ListenAddress.parse("0"), () -> metrics, () -> health);
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
      for (int i = 0; i < 10; i++) {
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
  void start_fails_whenThePortIsTaken() {
    String port = Integer.toString(URI.create(server.url()).getPort());
    assertThatIOException()
        .isThrownBy(
            () ->
                StatusServer.start(
                    ListenAddress.parse(port), MetricSnapshots::new, () -> new Health(List.of())));
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
