package org.kmodwatch.agent.sink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.kmodwatch.agent.sink.TestItems.TIME_NANOS;
import static org.kmodwatch.agent.sink.TestItems.items;

import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.logs.v1.LogRecord;
import io.opentelemetry.proto.logs.v1.ResourceLogs;
import io.opentelemetry.proto.logs.v1.SeverityNumber;
import java.io.IOException;
import java.net.URI;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Against a receiver that decodes the protobuf with OpenTelemetry's own classes. */
@Timeout(60)
class OtlpTransportTest {

  private static final Instant NOW = Instant.parse("2026-11-22T20:00:01Z");

  @SuppressWarnings("NullAway.Init")
  private HttpReceiver server;

  @SuppressWarnings("NullAway.Init")
  private OtlpTransport transport;

  @BeforeEach
  void start() throws IOException {
    server = HttpReceiver.plain();
    transport =
        new OtlpTransport(
            new OtlpTarget(
                URI.create(server.url("/v1/logs")),
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
    server.close();
  }

  private static String attribute(List<KeyValue> attributes, String key) {
    return attributes.stream()
        .filter(attribute -> attribute.getKey().equals(key))
        .map(attribute -> attribute.getValue().getStringValue())
        .findFirst()
        .orElse("");
  }

  @Test
  void items_areLogRecords() throws Exception {
    assertThat(transport.send(items(0, 3))).isEqualTo(new Answer.Taken());

    ResourceLogs logs =
        ExportLogsServiceRequest.parseFrom(server.requests().getFirst().body()).getResourceLogs(0);
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
    assertThat(server.headers("X-Team")).containsExactly("blue");
  }

  @Test
  void receiverThatBlamesTheContent_refuses_andIsAskedOnce() {
    server.answer(400);
    assertThat(transport.send(items(0, 1))).isEqualTo(new Answer.Refused("status=400"));
    assertThat(server.requests()).hasSize(1);
  }

  @Test
  void receiverThatIsUnwilling_isTriedLater_andNotByTheExporter() {
    server.answer(503);
    assertThat(transport.send(items(0, 1))).isEqualTo(new Answer.Later("HTTP status 503", null));
    assertThat(server.requests()).hasSize(1);
    server.answer(200);
    assertThat(transport.send(items(0, 1))).isEqualTo(new Answer.Taken());
  }

  @Test
  void receiverThatIsNotThere_isTriedLater() {
    server.close();
    assertThat(transport.send(items(0, 1))).isInstanceOf(Answer.Later.class);
  }
}
