package org.kmodwatch.agent.sink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertTimeout;
import static org.kmodwatch.agent.sink.TestItems.bodies;
import static org.kmodwatch.agent.sink.TestItems.item;
import static org.kmodwatch.agent.sink.TestItems.items;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Against a real broker. */
@Timeout(180)
class KafkaTransportTest {

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

  private static KafkaTransport transport(String topic) {
    return new KafkaTransport(
        new KafkaTarget(
            broker.address(),
            topic,
            Map.of(
                "max.request.size", "90000",
                "max.block.ms", "3000",
                "request.timeout.ms", "3000",
                "delivery.timeout.ms", "6000"),
            Map.of()),
        "host1");
  }

  private static String header(ConsumerRecord<String, byte[]> record, String name) {
    return new String(record.headers().lastHeader(name).value(), StandardCharsets.UTF_8);
  }

  @Test
  void items_arriveInOrder_withKeyHeadersAndTime() throws InterruptedException {
    try (KafkaTransport transport = transport("plain")) {
      assertThat(transport.send(items(0, 100))).isEqualTo(new Answer.Taken());
      assertThat(transport.send(items(100, 50))).isEqualTo(new Answer.Taken());
    }

    List<ConsumerRecord<String, byte[]>> records = broker.read("plain", 150);
    assertThat(records)
        .extracting(record -> new String(record.value(), StandardCharsets.UTF_8))
        .containsExactlyElementsOf(bodies(0, 150));
    assertThat(records)
        .allSatisfy(
            record -> {
              assertThat(record.key()).isEqualTo("host1");
              assertThat(header(record, "kind")).isEqualTo("alert");
              assertThat(record.timestamp()).isEqualTo(1_795_377_600_123L);
            });
    assertThat(header(records.getLast(), "id")).isEqualTo("alert:149");
  }

  @Test
  void itemThatIsTooLarge_isRefused() throws InterruptedException {
    try (KafkaTransport transport = transport("large")) {
      assertThat(transport.send(List.of(item("alert:large", "x".repeat(95_000)))))
          .isEqualTo(new Answer.Refused("too large for the topic"));
      assertThat(transport.send(items(0, 1))).isEqualTo(new Answer.Taken());
    }
  }

  @Test
  void brokerThatIsDown_getsAll_whenItIsBack() throws InterruptedException {
    try (KafkaTransport transport = transport("down")) {
      assertThat(transport.send(items(0, 10))).isEqualTo(new Answer.Taken());
      broker.stop();
      try {
        // Not once more for each of them.
        assertTimeout(
            Duration.ofSeconds(15),
            () -> assertThat(transport.send(items(10, 10))).isInstanceOf(Answer.Later.class));
      } finally {
        broker.startAgain();
      }
      await()
          .atMost(Duration.ofSeconds(90))
          .until(() -> transport.send(items(10, 10)).equals(new Answer.Taken()));
    }

    assertThat(broker.read("down", 20))
        .extracting(record -> header(record, "id"))
        .containsSubsequence("alert:0", "alert:9", "alert:10", "alert:19");
  }
}
