package org.kmodwatch.agent.source;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.kmodwatch.core.read.BlockScanner;
import org.kmodwatch.core.read.EventHandler;
import org.kmodwatch.core.read.LineJoiner;
import org.kmodwatch.core.read.ScannedBlock;
import org.kmodwatch.core.scan.Block;
import org.kmodwatch.core.scan.LineBlocks;
import org.kmodwatch.core.scan.ReadOptions;

/**
 * Reads a topic as long as somebody wants it to, each record's value being a line, or several, as
 * in a recording. Of one thread.
 *
 * <p>How far the group has come is committed once all that was read is out of the process's hands
 * and nothing read is needed any more: a kill has it read again, and never passed over.
 */
public final class KafkaSource {

  private static final Duration POLL = Duration.ofMillis(200);
  private static final Duration REACHABLE = Duration.ofSeconds(15);

  /** After so long without anything, what waits for more waits in vain. */
  private static final Duration IDLE = Duration.ofSeconds(2);

  /**
   * So much may be read again after a kill where there is always something that is not complete.
   */
  private static final int MAX_UNCOMMITTED = 100_000;

  /** Kept here: a logger that nobody refers to may forget its level. */
  private static final Logger KAFKA_LOG = Logger.getLogger("org.apache.kafka");

  private final KafkaTopic topic;
  private final ReadOptions options;
  private final Map<TopicPartition, LineJoiner> joiners = new HashMap<>();
  private final Map<TopicPartition, OffsetAndMetadata> read = new HashMap<>();
  private final BlockScanner scanner;
  private final Block block = new Block();
  private long lines;
  private long uncommitted;

  /** What the events of a source go to. */
  public interface Receiver extends EventHandler {

    /**
     * Has everything written that was handed over.
     *
     * @throws IOException if it cannot be
     */
    void flush() throws IOException;

    /** Whether nothing that was handed over waits for more. */
    boolean isComplete();

    /**
     * Nothing has come for a while.
     *
     * @param sinceLast how long
     * @throws IOException if what is complete by that cannot be written
     */
    void idle(Duration sinceLast) throws IOException;
  }

  /**
   * One that reads {@code topic}.
   *
   * @param options which lines are wanted
   */
  public KafkaSource(KafkaTopic topic, ReadOptions options) {
    this.topic = topic;
    this.options = options;
    this.scanner = new BlockScanner(options);
    // It tells of each attempt to connect.
    KAFKA_LOG.setLevel(Level.OFF);
  }

  /**
   * Reads until {@code enough}, or until the end if that is wanted.
   *
   * @param properties more of the consumer's configuration, by Kafka's own names
   * @return how many lines there were
   * @throws SourceException if the topic cannot be read
   * @throws IOException if {@code receiver} fails
   */
  public long read(Map<String, String> properties, Receiver receiver, BooleanSupplier enough)
      throws IOException {
    try (Consumer<byte[], byte[]> consumer = open(properties)) {
      Map<TopicPartition, Long> ends = ends(consumer);
      consumer.subscribe(List.of(topic.topic()), new Joiners());
      long lastNanos = System.nanoTime();
      while (!enough.getAsBoolean()) {
        ConsumerRecords<byte[], byte[]> records = consumer.poll(POLL);
        if (records.isEmpty()) {
          idle(receiver, Duration.ofNanos(System.nanoTime() - lastNanos));
        } else {
          for (TopicPartition partition : records.partitions()) {
            take(partition, records.records(partition), receiver);
          }
          lastNanos = System.nanoTime();
        }
        commit(consumer, receiver);
        if (topic.untilEnd() && isAt(consumer, ends)) {
          finish(receiver);
          receiver.idle(Duration.ZERO);
          commit(consumer, receiver);
          break;
        }
      }
      return lines;
    } catch (KafkaException e) {
      throw new SourceException("cannot read %s: %s".formatted(topic, why(e)), e);
    } catch (NoClassDefFoundError e) {
      throw new SourceException(
          "cannot read %s: it is compressed by what is not in this package (%s); remedy: the"
                  .formatted(topic, e.getMessage())
              + " producer's compression.type gzip or none",
          e);
    }
  }

  private static String why(KafkaException e) {
    Throwable cause = e.getCause();
    return cause == null || cause.getMessage() == null
        ? String.valueOf(e.getMessage())
        : "%s: %s".formatted(e.getMessage(), cause.getMessage());
  }

  private Consumer<byte[], byte[]> open(Map<String, String> properties) {
    Map<String, Object> config = new HashMap<>();
    config.put(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, topic.brokers());
    config.put(ConsumerConfig.GROUP_ID_CONFIG, topic.group());
    config.put(ConsumerConfig.CLIENT_ID_CONFIG, "kmodwatch");
    config.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, topic.fromEnd() ? "latest" : "earliest");
    config.putAll(properties);
    config.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    return new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }

  /** Asks the broker where each partition ends now, so that a broker that is down is reported. */
  private Map<TopicPartition, Long> ends(Consumer<byte[], byte[]> consumer) {
    List<TopicPartition> partitions =
        consumer.partitionsFor(topic.topic(), REACHABLE).stream()
            .map(info -> new TopicPartition(info.topic(), info.partition()))
            .toList();
    if (partitions.isEmpty()) {
      throw new KafkaException("there is no such topic");
    }
    return consumer.endOffsets(partitions, REACHABLE);
  }

  private static boolean isAt(Consumer<byte[], byte[]> consumer, Map<TopicPartition, Long> ends) {
    return !consumer.assignment().isEmpty()
        && consumer.assignment().stream()
            .allMatch(each -> consumer.position(each) >= ends.getOrDefault(each, 0L));
  }

  private void take(
      TopicPartition partition, List<ConsumerRecord<byte[], byte[]>> records, Receiver receiver)
      throws IOException {
    var text = new ByteArrayOutputStream();
    for (ConsumerRecord<byte[], byte[]> record : records) {
      if (record.value() != null) {
        text.writeBytes(record.value());
        text.write('\n');
      }
    }
    String name = "%s from %d".formatted(partition, records.getFirst().offset());
    LineJoiner joiner = joiners.computeIfAbsent(partition, p -> new LineJoiner(options));
    LineBlocks blocks = LineBlocks.of(new ByteArrayInputStream(text.toByteArray()), options);
    long linesBefore = 0;
    while (blocks.next(block)) {
      ScannedBlock scanned = scanner.scan(block);
      scanned.deliver(receiver, joiner, name, linesBefore);
      linesBefore += scanned.statistics().lines();
    }
    lines += linesBefore;
    uncommitted += records.size();
    read.put(partition, new OffsetAndMetadata(records.getLast().offset() + 1));
  }

  private void idle(Receiver receiver, Duration sinceLast) throws IOException {
    if (sinceLast.compareTo(IDLE) >= 0) {
      finish(receiver);
      receiver.idle(sinceLast);
    }
  }

  private void finish(Receiver receiver) {
    joiners.values().forEach(joiner -> joiner.finish(receiver));
  }

  private void commit(Consumer<byte[], byte[]> consumer, Receiver receiver) throws IOException {
    receiver.flush();
    boolean complete =
        receiver.isComplete() && joiners.values().stream().allMatch(LineJoiner::isEmpty);
    if (read.isEmpty() || (!complete && uncommitted < MAX_UNCOMMITTED)) {
      return;
    }
    try {
      consumer.commitSync(read);
    } catch (CommitFailedException e) {
      // Others have these partitions now, and read it again.
    }
    read.clear();
    uncommitted = 0;
  }

  /** Others go on where was committed: what waits for more of a partition waits in vain. */
  private final class Joiners implements ConsumerRebalanceListener {
    @Override
    public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
      partitions.forEach(joiners::remove);
      partitions.forEach(read::remove);
    }

    @Override
    public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
      // Read from where the group was.
    }
  }
}
