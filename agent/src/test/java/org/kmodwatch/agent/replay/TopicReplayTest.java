package org.kmodwatch.agent.replay;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.kmodwatch.agent.Cli;
import org.kmodwatch.agent.sink.KafkaBroker;
import org.kmodwatch.agent.source.KafkaSource;
import org.kmodwatch.agent.source.KafkaTopic;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.read.BadLine;
import org.kmodwatch.core.scan.ReadOptions;

/** Tests against a real broker. */
@Timeout(180)
class TopicReplayTest {

  private static final Path RECORDING = Path.of("src/test/resources/recordings/flat.ndjson");
  private static final Path AUDIT = Path.of("../core/src/test/resources/recordings/audit-raw.log");

  @TempDir static Path folder;

  @SuppressWarnings("NullAway.Init")
  private static KafkaBroker broker;

  @BeforeAll
  static void start() throws Exception {
    broker = new KafkaBroker(folder);
  }

  @AfterAll
  static void stop() {
    broker.close();
  }

  private static String address(String topic, String query) {
    return "kafka://%s/%s%s".formatted(broker.address(), topic, query);
  }

  private static void produce(String topic, List<String> lines) throws Exception {
    Map<String, Object> config = Map.of("bootstrap.servers", broker.address());
    try (var producer =
        new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer())) {
      for (String line : lines) {
        producer.send(new ProducerRecord<>(topic, line.getBytes(StandardCharsets.UTF_8))).get();
      }
    }
  }

  @Test
  void topic_givesWhatTheSameLinesInAFileGive_andIsReadOnce() throws Exception {
    for (Path recording : List.of(RECORDING, AUDIT)) {
      String topic = "of-" + recording.getFileName();
      produce(topic, Files.readAllLines(recording));
      Cli.Result file = new Cli().run("replay", "-o", "loads", recording.toString());
      Cli.Result once = new Cli().run("replay", "-o", "loads", address(topic, "?until=end"));
      Cli.Result again = new Cli().run("replay", "-o", "loads", address(topic, "?until=end"));

      assertThat(file.outLines()).isNotEmpty();
      assertThat(once.out()).isEqualTo(file.out());
      assertThat(once.err()).isEqualTo(file.err());
      assertThat(once.status()).isZero();
      assertThat(again.out()).isEmpty();
      assertThat(again.err()).startsWith("0 lines, 0 events, ");
      assertThat(new Cli().run("replay", "-o", "loads", address(topic, "?until=end&group=b")).out())
          .isEqualTo(file.out());
    }
  }

  @Test
  void whatIsNotComplete_isReadAgain_andWhatCameSince() throws Exception {
    produce("live", Files.readAllLines(RECORDING));
    var first = new Taking(false);
    read("live", first);
    produce("live", Files.readAllLines(RECORDING));
    var second = new Taking(true);
    read("live", second);

    assertThat(first.events).isNotEmpty();
    assertThat(second.events).startsWith(first.events.toArray(Event[]::new));
    assertThat(second.events).hasSize(2 * first.events.size());
    var third = new Taking(true);
    read("live", third);
    assertThat(third.events).isEmpty();
  }

  private static void read(String topic, Taking taking) throws IOException {
    new KafkaSource(KafkaTopic.parse(address(topic, "?until=end")), ReadOptions.DEFAULT)
        .read(Map.of(), taking, () -> false);
  }

  @Test
  void badLine_isToldWithPartitionAndOffset() throws Exception {
    produce("bad", List.of("{}", "nonsense"));

    assertThat(new Cli().run("replay", address("bad", "?until=end")).err())
        .contains("bad-0 from 0:2: not valid JSON", "2 lines", "1 bad line,");
  }

  @Test
  void whatIsWrong_isToldWithWhatWasExpected() {
    assertRefused(
        64,
        "expected kafka://HOST:PORT[,HOST:PORT...]/TOPIC[?group=NAME&from=end&until=end]:"
            + " kafka://host/topic",
        "kafka://host/topic");
    assertRefused(
        64,
        "\"from=start\" is not expected there, but"
            + " kafka://HOST:PORT[,HOST:PORT...]/TOPIC[?group=NAME&from=end&until=end]:"
            + " kafka://host:1/topic?from=start",
        "kafka://host:1/topic?from=start");
    assertRefused(
        64,
        "a topic is read by itself; give it alone, and files in another run",
        "kafka://host:1/topic",
        "-");
    assertRefused(
        64,
        "a topic needs no --resume: its group remembers how far it has been read",
        "--resume=x",
        "kafka://host:1/topic");
    Cli.Result unreachable = new Cli().run("replay", "kafka://127.0.0.1:1/topic");
    assertThat(unreachable.err()).startsWith("kmodwatch: cannot read kafka://127.0.0.1:1/topic: ");
    assertThat(unreachable.status()).isEqualTo(69);
  }

  private static void assertRefused(int status, String message, String... arguments) {
    var all = new ArrayList<String>(List.of("replay"));
    all.addAll(List.of(arguments));
    Cli.Result result = new Cli().run(all.toArray(String[]::new));
    assertThat(result.err()).isEqualTo("kmodwatch: " + message + "\n");
    assertThat(result.status()).isEqualTo(status);
  }

  /** Keeps events. */
  private static final class Taking implements KafkaSource.Receiver {
    private final List<Event> events = new ArrayList<>();
    private final boolean complete;

    Taking(boolean complete) {
      this.complete = complete;
    }

    @Override
    public void onEvent(Event event) {
      events.add(event);
    }

    @Override
    public void onBadLine(BadLine line) {
      // The recording has one bad line.
    }

    @Override
    public void flush() {
      // Nothing is buffered.
    }

    @Override
    public boolean isComplete() {
      return complete;
    }

    @Override
    public void idle(Duration sinceLast) {
      // Has no timers.
    }
  }
}
