package org.kmodwatch.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.logs.v1.LogRecord;
import io.opentelemetry.proto.logs.v1.ResourceLogs;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.kmodwatch.agent.format.ForeignReaders;
import org.kmodwatch.agent.format.FormatName;
import org.kmodwatch.agent.sink.HttpReceiver;
import org.kmodwatch.agent.sink.KafkaBroker;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/**
 * Loads one module, whose record must arrive in every kind of sink and in every format, in one run.
 * Independent receivers, parsers and schemas read it where they exist. The slow guest may send an
 * item again with the same id; such an item is dropped here.
 */
final class DeliveryIT {

  private static final Duration GUEST_LIMIT = Duration.ofMinutes(10);
  private static final String KERNEL = "6.12";
  private static final ObjectMapper MAPPER = new ObjectMapper();

  /** Counts the network card's modules, which were loaded before. */
  private static final int BEFORE = 3;

  @TempDir private static Path folder;

  @SuppressWarnings("NullAway.Init") // set before all
  private static LabResult result;

  @SuppressWarnings("NullAway.Init") // set before all
  private static List<List<String>> syslog;

  @SuppressWarnings("NullAway.Init") // set before all
  private static List<ConsumerRecord<String, byte[]>> kafka;

  @SuppressWarnings("NullAway.Init") // set before all
  private static List<HttpReceiver.Request> webhook;

  @SuppressWarnings("NullAway.Init") // set before all
  private static List<HttpReceiver.Request> webhookOnFullDisk;

  @SuppressWarnings("NullAway.Init") // set before all
  private static List<HttpReceiver.Request> otlp;

  /** Holds the SHA-256 of the module's file, computed by Java's own classes. */
  @SuppressWarnings("NullAway.Init") // set before all
  private static String hash;

  @BeforeAll
  static void boot() throws Exception {
    AddedFile module = Lab.testModule(KERNEL, "kw_plain");
    hash =
        HexFormat.of()
            .formatHex(
                MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(module.hostFile())));
    try (var receivers = new HostReceivers(folder)) {
      LabRun run =
          LabRun.of(KERNEL, Resources.text("delivery.sh"))
              .withTimeout(GUEST_LIMIT)
              .withAgent(GuestAgent.AT_HAND)
              .withNetwork()
              .withFile(module)
              .withFile(Lab.testModule(KERNEL, "kw_params"));
      for (AddedFile file : receivers.files()) {
        run = run.withFile(file);
      }
      result = Boots.run(run);
      assertThat(result.exitStatus()).as("%s", result.guestLog()).isZero();
      syslog = receivers.syslog.received().stream().distinct().toList();
      kafka = loads(receivers.kafka);
      webhook = requests(receivers.webhook, "/hook");
      webhookOnFullDisk = requests(receivers.webhook, "/full");
      otlp = receivers.otlp.requests();
    }
  }

  private static List<HttpReceiver.Request> requests(HttpReceiver receiver, String path) {
    return distinct(
        receiver.requests().stream().filter(request -> request.path().equals(path)),
        request -> request.headers().getFirst("Idempotency-Key"));
  }

  private static List<ConsumerRecord<String, byte[]>> loads(KafkaBroker broker) {
    List<ConsumerRecord<String, byte[]>> loads = List.of();
    for (int count = BEFORE + 1; loads.size() <= BEFORE && count < 20; count++) {
      loads =
          distinct(
              broker.read(HostReceivers.TOPIC, count).stream(), message -> header(message, "id"));
    }
    return loads;
  }

  /** Returns the first item of each id. */
  private static <T> List<T> distinct(Stream<T> sent, Function<T, String> id) {
    var byId = new LinkedHashMap<String, T>();
    sent.forEach(each -> byId.putIfAbsent(id.apply(each), each));
    return List.copyOf(byId.values());
  }

  private static List<String> lines(String name) throws IOException {
    return Files.readAllLines(result.guestLog().resolveSibling(name), StandardCharsets.UTF_8);
  }

  private static List<JsonNode> objects(String name) throws IOException {
    return lines(name + ".ndjson").stream().map(MAPPER::readTree).toList();
  }

  /** Returns the id of the load, which every format contains. */
  private static String loadId() throws IOException {
    return objects("alerts").getFirst().at("/load/id").asString();
  }

  private static String alertId() throws IOException {
    return "alert:" + objects("alerts").getFirst().at("/id").asString();
  }

  @Test
  void everySink_deliveredWhatIsForIt_andHasNothingLeft() throws IOException {
    // The items are the load, two findings (TRC-1017, and that it is unsigned), one alert.
    int all = BEFORE + 4;
    assertThat(lines("standard-output.log"))
        .filteredOn(line -> line.contains("delivered "))
        .containsExactlyInAnyOrder(
            Stream.of(
                    Map.of("kmodwatch", all, "ecs", all, "ocsf", all, "cef", all, "falco", all),
                    Map.of("json", 2, "tracee", 2, "loads", BEFORE + 1, "alerts", 1),
                    Map.of("syslog-tls", 1, "syslog-tcp", 1, "syslog-udp", 1, "syslog-local", 1),
                    Map.of("webhook", 1, "kafka", BEFORE + 1, "otlp", all, "standard-output", 1),
                    Map.of("history", BEFORE + 1))
                .flatMap(counts -> counts.entrySet().stream())
                .map(
                    sink ->
                        "%s: delivered %d, refused 0, dropped or lost 0, waiting 0"
                            .formatted(sink.getKey(), sink.getValue()))
                .toArray(String[]::new));
    assertThat(lines("guest.log")).contains("first ended 0", "history 0");
  }

  @ParameterizedTest
  @EnumSource(names = {"ECS", "OCSF", "FALCO"})
  void everyLine_isValidByTheSchemaOfItsFormat(FormatName format) throws IOException {
    assertThat(lines(format.word() + ".ndjson"))
        .hasSize(BEFORE + 4)
        .allSatisfy(line -> assertThat(ForeignReaders.faults(format, line)).isEmpty());
  }

  @ParameterizedTest
  @CsvSource({
    "loads, /id, /image/sha256, /file/path, /module/name",
    "alerts, /load/id, /load/image/sha256, /load/file/path, /load/module/name",
    "kmodwatch, /data/id, /data/image/sha256, /data/file/path, /data/module/name",
    "ecs, /kmod/id, /file/hash/sha256, /file/path, /kmod/name",
    "ocsf, , /driver/file/hashes/0/value, /driver/file/path, /unmapped/module.name",
    "falco, /output_fields/kmod.id, /output_fields/kmod.sha256, /output_fields/fd.name,"
        + " /output_fields/kmod.name"
  })
  void load_isTheSame_inEachFormat(
      String format, String id, String sha256, String path, String module) throws IOException {
    List<JsonNode> ofTheModule =
        objects(format).stream().filter(line -> line.at(sha256).asString("").equals(hash)).toList();

    assertThat(ofTheModule)
        .isNotEmpty()
        .allSatisfy(
            line -> {
              assertThat(line.at(path).asString()).isEqualTo("/srv/kw_plain.ko");
              assertThat(line.at(module).asString()).isEqualTo("kw_plain");
              assertThat(line.toString()).contains(loadId());
              if (id != null) {
                assertThat(line.at(id).asString()).isEqualTo(loadId());
              }
            });
  }

  @Test
  void findings_areInThePeersForms() throws IOException {
    assertThat(objects("json"))
        .extracting(finding -> finding.at("/SigMetadata/ID").asString())
        .containsExactly("TRC-1017", "KMW-1004");
    assertThat(objects("tracee"))
        .extracting(
            event -> event.at("/eventName").asString(),
            event -> event.at("/metadata/Properties/signatureID").asString())
        .containsExactly(
            tuple("kernel_module_loading", "TRC-1017"),
            tuple("unsigned_kernel_module", "KMW-1004"));
    assertThat(objects("tracee").getFirst().at("/args").toString()).contains("/srv/kw_plain.ko");
  }

  @Test
  void cef_isReadByAParser_fromTheFile_theServer_andTheLocalSocket() throws Exception {
    var messages = new ArrayList<>(lines("cef.ndjson"));
    assertThat(messages).hasSize(BEFORE + 4);
    for (String message : messages) {
      assertThat(ForeignReaders.cefExtension(message)).containsKey("externalId");
    }
    List<String> alerts =
        Stream.of(
                messages.stream().filter(line -> line.contains("cat=alert")),
                syslog.stream().map(List::getLast).filter(text -> text.contains("CEF:")),
                lines("local-socket.log").stream().filter(line -> line.contains("CEF:")))
            .flatMap(of -> of)
            .map(line -> line.substring(line.indexOf("CEF:")))
            .toList();
    // The three sources are the file, TLS, the local socket.
    assertThat(alerts).hasSize(3).containsOnly(alerts.getFirst());
    assertThat(ForeignReaders.cefExtension(alerts.getFirst()))
        .containsEntry("externalId", alertId())
        .containsEntry("fileHash", hash)
        .containsEntry("filePath", "/srv/kw_plain.ko")
        .containsEntry("cs1", "kw_plain")
        .containsEntry("cs2", "unsigned");
  }

  @Test
  void syslogServer_understoodEveryPart_overTls_tcpAndUdp() throws IOException {
    String structured =
        "[kmodwatch@32473 id=\"%s\" kind=\"alert\" severity=\"2\"]".formatted(alertId());
    assertThat(syslog)
        .hasSize(3)
        .allSatisfy(
            message -> {
              // The facility daemon is 3, and a severity of 2 is a warning, 4.
              assertThat(message.subList(0, 4))
                  .containsExactly("" + (3 * 8 + 4), "1", "kmodwatch-lab", "kmodwatch");
              assertThat(message.subList(5, 7)).containsExactly("alert", structured);
            });
    assertThat(syslog)
        .extracting(List::getLast)
        .containsExactlyInAnyOrder(
            lines("cef.ndjson").getLast(),
            lines("ecs.ndjson").getLast(),
            lines("falco.ndjson").getLast());
    // busybox's syslogd wrote this line: it has parsed time, program and process id.
    assertThat(lines("local-socket.log"))
        .filteredOn(line -> line.contains("CEF:"))
        .singleElement()
        .matches(line -> line.matches(".* kmodwatch-lab daemon\\.warn kmodwatch\\[\\d+]: CEF:0.*"));
  }

  @Test
  void webhook_gotOneSignedRequest_overMutualTls() throws Exception {
    HttpReceiver.Request request = webhook.getFirst();
    Matcher signature =
        Pattern.compile("t=(\\d+),v1=([0-9a-f]{64})")
            .matcher("" + request.headers().getFirst("X-Kmodwatch-Signature"));
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(
        new SecretKeySpec(HostReceivers.HMAC_KEY.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));

    assertThat(webhook).hasSize(1);
    assertThat(signature.matches()).isTrue();
    mac.update((signature.group(1) + ".").getBytes(StandardCharsets.UTF_8));
    assertThat(signature.group(2)).isEqualTo(HexFormat.of().formatHex(mac.doFinal(request.body())));
    JsonNode notices = MAPPER.readTree(request.text());
    assertThat(notices).hasSize(1);
    assertThat(notices.get(0)).isEqualTo(objects("ocsf").getLast());
  }

  @Test
  void kafka_hasTheLoads_inOrder() throws IOException {
    assertThat(kafka)
        .extracting(message -> new String(message.value(), StandardCharsets.UTF_8).strip())
        .containsExactlyElementsOf(lines("loads.ndjson"));
    ConsumerRecord<String, byte[]> last = kafka.getLast();
    assertThat(last.key()).isEqualTo("kmodwatch-lab");
    assertThat(header(last, "id")).isEqualTo("load:" + loadId());
    assertThat(header(last, "kind")).isEqualTo("load");
  }

  private static String header(ConsumerRecord<String, byte[]> message, String name) {
    return new String(message.headers().lastHeader(name).value(), StandardCharsets.UTF_8);
  }

  @Test
  void otlp_hasEveryNotice_asALogRecord() throws IOException {
    var records = new ArrayList<LogRecord>();
    for (HttpReceiver.Request request : otlp) {
      assertThat(request.path()).isEqualTo("/v1/logs");
      for (ResourceLogs logs :
          ExportLogsServiceRequest.parseFrom(request.body()).getResourceLogsList()) {
        assertThat(logs.getResource().getAttributesList())
            .filteredOn(KeyValue::getKey, "host.name")
            .singleElement()
            .matches(attribute -> attribute.getValue().getStringValue().equals("kmodwatch-lab"));
        logs.getScopeLogsList().forEach(scope -> records.addAll(scope.getLogRecordsList()));
      }
    }
    List<LogRecord> distinct =
        distinct(records.stream(), message -> message.getBody().getStringValue());
    assertThat(distinct)
        .extracting(message -> message.getBody().getStringValue())
        .containsExactlyElementsOf(lines("kmodwatch.ndjson"));
    assertThat(distinct)
        .extracting(LogRecord::getEventName)
        .filteredOn("kmodwatch.alert"::equals)
        .hasSize(1);
  }

  @Test
  void standardOutput_isTheSinksAlone() throws IOException {
    assertThat(lines("standard-output.ndjson")).containsExactly(lines("falco.ndjson").getLast());
  }

  @Test
  void history_hasTheLoad() throws IOException {
    assertThat(lines("history.ndjson")).containsExactly(lines("loads.ndjson").getLast());
  }

  /** Covers a start on a full disk: the spool cannot be opened, nor SQLite's library unpacked. */
  @Test
  void agentThatStartsOnAFullDisk_sends_andKeepsTheRestUntilThereIsRoom() throws IOException {
    assertThat(lines("guest.log")).contains("full 0", "second ended 0");
    assertThat(webhookOnFullDisk)
        .flatExtracting(request -> MAPPER.readTree(request.text()).valueStream().toList())
        .filteredOn(notice -> notice.at("/data/module/name").asString("").equals("kw_params"))
        .singleElement()
        .matches(notice -> notice.at("/data/outcome").asString().equals("loaded"));
    assertThat(objects("full-history"))
        .extracting(load -> load.at("/module/name").asString())
        .containsExactly("kw_params");
    assertThat(lines("full.log"))
        .anyMatch(line -> line.startsWith("webhook: spool: "))
        .anyMatch(line -> line.startsWith("blind: state: cannot write /full/state/"))
        .anyMatch(line -> line.matches("webhook: delivered 5, refused 0, .* lost 0, waiting 0"))
        .anyMatch(line -> line.matches("history: delivered 5, refused 0, .* lost 0, waiting 0"));
  }
}
