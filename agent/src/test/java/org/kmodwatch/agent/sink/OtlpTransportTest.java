package org.kmodwatch.agent.sink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.kmodwatch.agent.sink.TestItems.TIME_NANOS;
import static org.kmodwatch.agent.sink.TestItems.items;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.logs.v1.LogRecord;
import io.opentelemetry.proto.logs.v1.ResourceLogs;
import io.opentelemetry.proto.logs.v1.SeverityNumber;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Against a receiver that decodes the protobuf with OpenTelemetry's own classes. */
@Timeout(60)
class OtlpTransportTest {

  private static final Instant NOW = Instant.parse("2026-11-22T20:00:01Z");

  private final List<ExportLogsServiceRequest> requests = new CopyOnWriteArrayList<>();
  private final List<String> teams = new CopyOnWriteArrayList<>();
  private volatile int status = 200;

  @SuppressWarnings("NullAway.Init")
  private HttpServer server;

  @SuppressWarnings("NullAway.Init")
  private OtlpTransport transport;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/v1/logs", this::take);
    server.start();
    transport =
        new OtlpTransport(
            new OtlpTarget(
                URI.create("http://127.0.0.1:%d/v1/logs".formatted(server.getAddress().getPort())),
                Map.of("X-Team", "blue"),
                Map.of(),
                TlsFiles.NONE),
            "1.2",
            "host1",
            () -> NOW);
  }

  @AfterEach
  void stop() {
    transport.close();
    server.stop(0);
  }

  private void take(HttpExchange exchange) throws IOException {
    try (exchange) {
      InputStream body = exchange.getRequestBody();
      if ("gzip".equals(exchange.getRequestHeaders().getFirst("Content-Encoding"))) {
        body = new GZIPInputStream(body);
      }
      requests.add(ExportLogsServiceRequest.parseFrom(body));
      teams.add(exchange.getRequestHeaders().getFirst("X-Team"));
      exchange.sendResponseHeaders(status, -1);
    }
  }

  private static String attribute(List<KeyValue> attributes, String key) {
    return attributes.stream()
        .filter(attribute -> attribute.getKey().equals(key))
        .map(attribute -> attribute.getValue().getStringValue())
        .findFirst()
        .orElse("");
  }

  @Test
  void items_areLogRecords() {
    assertThat(transport.send(items(0, 3))).isEqualTo(new Answer.Taken());

    ResourceLogs logs = requests.getFirst().getResourceLogs(0);
    assertThat(attribute(logs.getResource().getAttributesList(), "service.name"))
        .isEqualTo("kmodwatch");
    assertThat(attribute(logs.getResource().getAttributesList(), "service.version"))
        .isEqualTo("1.2");
    assertThat(attribute(logs.getResource().getAttributesList(), "host.name")).isEqualTo("host1");
    List<LogRecord> records = logs.getScopeLogs(0).getLogRecordsList();
    assertThat(records).hasSize(3);
    LogRecord last = records.getLast();
    assertThat(last.getTimeUnixNano()).isEqualTo(TIME_NANOS);
    assertThat(last.getObservedTimeUnixNano()).isEqualTo(NOW.toEpochMilli() * 1_000_000);
    assertThat(last.getSeverityNumber()).isEqualTo(SeverityNumber.SEVERITY_NUMBER_WARN);
    assertThat(last.getBody().getStringValue()).isEqualTo("{\"n\":2}");
    assertThat(last.getEventName()).isEqualTo("kmodwatch.alert");
    assertThat(attribute(last.getAttributesList(), "kmodwatch.id")).isEqualTo("alert:2");
    assertThat(attribute(last.getAttributesList(), "kmodwatch.kind")).isEqualTo("alert");
    assertThat(teams).containsExactly("blue");
  }

  @Test
  void receiverThatBlamesTheContent_refuses_andIsAskedOnce() {
    status = 400;
    assertThat(transport.send(items(0, 1))).isEqualTo(new Answer.Refused("status=400"));
    assertThat(requests).hasSize(1);
  }

  @Test
  void receiverThatIsUnwilling_isTriedLater_andNotByTheExporter() {
    status = 503;
    assertThat(transport.send(items(0, 1))).isEqualTo(new Answer.Later("HTTP status 503", null));
    assertThat(requests).hasSize(1);
    status = 200;
    assertThat(transport.send(items(0, 1))).isEqualTo(new Answer.Taken());
  }

  @Test
  void receiverThatIsNotThere_isTriedLater() {
    server.stop(0);
    assertThat(transport.send(items(0, 1))).isInstanceOf(Answer.Later.class);
  }
}
