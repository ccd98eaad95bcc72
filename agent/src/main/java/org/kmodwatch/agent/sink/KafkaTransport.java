package org.kmodwatch.agent.sink;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.jspecify.annotations.Nullable;

/**
 * Sends items to a topic. The key is the host, so the items of one host stay in order. The id and
 * the kind are headers. A batch counts as accepted when every in-sync replica has all of it.
 */
final class KafkaTransport implements Transport {

  private static final Duration BLOCK = Duration.ofSeconds(10);
  private static final Duration DELIVERY = Duration.ofSeconds(30);

  /**
   * The reference keeps the logger alive: a logger without one may be collected and lose its level.
   */
  private static final Logger KAFKA_LOG = Logger.getLogger("org.apache.kafka");

  private final KafkaTarget target;
  private final @Nullable String host;
  private volatile @Nullable Producer<String, byte[]> producer;

  KafkaTransport(KafkaTarget target, @Nullable String host) {
    this.target = target;
    this.host = host;
    // Kafka logs every attempt to connect; the answer already reports a failure.
    KAFKA_LOG.setLevel(Level.OFF);
  }

  @Override
  public Answer send(List<Item> batch) throws InterruptedException {
    try {
      Producer<String, byte[]> known = producer;
      Producer<String, byte[]> open = known == null ? open() : known;
      var sent = new ArrayList<Future<RecordMetadata>>();
      for (Item item : batch) {
        Future<RecordMetadata> future = open.send(record(item));
        if (future.isDone()) {
          // If it failed, it has already waited for a broker. Each of the others would wait too.
          future.get();
        }
        sent.add(future);
      }
      open.flush();
      for (Future<RecordMetadata> future : sent) {
        future.get();
      }
      return new Answer.Taken();
    } catch (InterruptException e) {
      throw new InterruptedException("interrupted while sending to " + target.shown());
    } catch (ExecutionException e) {
      return failed(e.getCause());
    } catch (IOException | KafkaException e) {
      return failed(e);
    }
  }

  private Answer failed(@Nullable Throwable failure) {
    if (failure instanceof RecordTooLargeException) {
      return new Answer.Refused("too large for the topic");
    }
    // After a failure, an idempotent producer may reject every later record.
    close();
    return new Answer.Later(
        failure == null || failure.getMessage() == null
            ? "the broker did not take it"
            : failure.getMessage(),
        null);
  }

  private ProducerRecord<String, byte[]> record(Item item) {
    var made =
        new ProducerRecord<String, byte[]>(
            target.topic(), null, item.timeNanos() / 1_000_000, host, item.body());
    made.headers()
        .add("id", item.id().getBytes(StandardCharsets.UTF_8))
        .add("kind", item.kind().word().getBytes(StandardCharsets.UTF_8));
    return made;
  }

  private Producer<String, byte[]> open() throws IOException {
    Map<String, Object> config = new HashMap<>();
    config.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, target.brokers());
    config.put(ProducerConfig.CLIENT_ID_CONFIG, "kmodwatch");
    config.put(ProducerConfig.ACKS_CONFIG, "all");
    config.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
    config.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, (int) BLOCK.toMillis());
    config.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, (int) BLOCK.toMillis());
    config.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, (int) DELIVERY.toMillis());
    // A batch has at most some hundred records and does not need Kafka's default of 32 MiB.
    config.put(ProducerConfig.BUFFER_MEMORY_CONFIG, 4L << 20);
    config.putAll(target.properties());
    for (var secret : target.secretProperties().entrySet()) {
      config.put(secret.getKey(), secret.getValue().read());
    }
    Producer<String, byte[]> opened =
        new KafkaProducer<>(config, new StringSerializer(), new ByteArraySerializer());
    producer = opened;
    return opened;
  }

  @Override
  public void close() {
    Producer<String, byte[]> open = producer;
    if (open != null) {
      open.close(Duration.ZERO);
      producer = null;
    }
  }
}
