package org.kmodwatch.agent.sink;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.Logger;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.storage.Formatter;
import org.apache.kafka.server.common.MetadataVersion;

/** A real broker of Apache Kafka in this process, on a folder that outlives a restart. */
public final class KafkaBroker implements AutoCloseable {

  private static final List<Logger> LOGS =
      List.of(
          Logger.getLogger("kafka"),
          Logger.getLogger("org.apache.kafka"),
          Logger.getLogger("state"));

  private final Map<String, String> config = new HashMap<>();
  private final String address;
  private final String addressForGuests;
  private KafkaRaftServer server;

  /** Starts one in {@code folder}, for this machine. */
  public KafkaBroker(Path folder) throws Exception {
    this(folder, "127.0.0.1");
  }

  /**
   * Starts one in {@code folder}, for this machine and for guests of it.
   *
   * @param host what 127.0.0.1 of this machine is for its guests
   */
  public KafkaBroker(Path folder, String host) throws Exception {
    LOGS.forEach(log -> log.setLevel(Level.OFF));
    int port = freePort();
    int controller = freePort();
    int guests = freePort();
    address = "127.0.0.1:" + port;
    addressForGuests = host + ":" + guests;
    String logs = folder.resolve("kafka").toString();
    config.put("process.roles", "broker,controller");
    config.put("node.id", "1");
    config.put("controller.quorum.voters", "1@127.0.0.1:" + controller);
    config.put(
        "listeners",
        "PLAINTEXT://%s,GUESTS://127.0.0.1:%d,CONTROLLER://127.0.0.1:%d"
            .formatted(address, guests, controller));
    // A client goes on with the address that it is told.
    config.put(
        "advertised.listeners", "PLAINTEXT://%s,GUESTS://%s".formatted(address, addressForGuests));
    config.put(
        "listener.security.protocol.map",
        "PLAINTEXT:PLAINTEXT,GUESTS:PLAINTEXT,CONTROLLER:PLAINTEXT");
    config.put("controller.listener.names", "CONTROLLER");
    config.put("log.dirs", logs);
    config.put("offsets.topic.replication.factor", "1");
    config.put("offsets.topic.num.partitions", "1");
    config.put("transaction.state.log.replication.factor", "1");
    config.put("transaction.state.log.min.isr", "1");
    config.put("group.initial.rebalance.delay.ms", "0");
    config.put("log.cleaner.dedupe.buffer.size", "2097152");
    config.put("message.max.bytes", "100000");
    new Formatter()
        .setPrintStream(
            new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8))
        .setNodeId(1)
        .setClusterId(Uuid.randomUuid().toString())
        .addDirectory(logs)
        .setMetadataLogDirectory(logs)
        .setControllerListenerName("CONTROLLER")
        .setReleaseVersion(MetadataVersion.latestProduction())
        .run();
    server = start();
  }

  private KafkaRaftServer start() {
    var started = new KafkaRaftServer(new KafkaConfig(config), Time.SYSTEM);
    started.startup();
    return started;
  }

  /** HOST:PORT. */
  public String address() {
    return address;
  }

  /** HOST:PORT where guests reach it. */
  public String addressForGuests() {
    return addressForGuests;
  }

  void stop() {
    server.shutdown();
    server.awaitShutdown();
  }

  void startAgain() {
    server = start();
  }

  /** The first {@code count} records of {@code topic}, or what there is of them in 30 s. */
  public List<ConsumerRecord<String, byte[]>> read(String topic, int count) {
    Map<String, Object> settings = new HashMap<>();
    settings.put("bootstrap.servers", address);
    settings.put("group.id", "test-" + Uuid.randomUuid());
    settings.put("auto.offset.reset", "earliest");
    var records = new ArrayList<ConsumerRecord<String, byte[]>>();
    long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    try (var consumer =
        new KafkaConsumer<>(settings, new StringDeserializer(), new ByteArrayDeserializer())) {
      consumer.subscribe(List.of(topic));
      while (records.size() < count && System.nanoTime() < end) {
        consumer.poll(Duration.ofMillis(200)).forEach(records::add);
      }
    }
    return records;
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  @Override
  public void close() {
    stop();
  }
}
