package org.kmodwatch.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.kmodwatch.agent.format.FormatName;
import org.kmodwatch.agent.output.Notice;
import org.kmodwatch.agent.sink.HttpReceiver;
import org.kmodwatch.agent.sink.KafkaBroker;
import org.kmodwatch.agent.sink.Rsyslog;
import org.kmodwatch.agent.sink.TestCertificates;
import org.kmodwatch.agent.sink.TlsFiles;

/**
 * Runs real receivers on this host, for an agent in a guest with a network: Debian's rsyslog,
 * Kafka's broker, two HTTPS servers, with certificates of their own authority.
 */
final class HostReceivers implements AutoCloseable {

  static final String TOPIC = "loads";
  static final String HMAC_KEY = "a key that both sides have";

  final Rsyslog syslog;
  final KafkaBroker kafka;
  final HttpReceiver webhook;
  final HttpReceiver otlp;

  private final Path folder;

  /** Starts all receivers, with folders in {@code folder}. */
  HostReceivers(Path folder) throws Exception {
    this.folder = folder;
    var certificates = new TestCertificates(folder);
    certificates.issue("client", "client.example", false);
    Files.writeString(folder.resolve("hmac.key"), HMAC_KEY);
    TlsFiles own = certificates.issue("server", LabRun.HOST_ADDRESS, false);
    syslog =
        new Rsyslog(
            Files.createDirectory(folder.resolve("syslog")), certificates, LabRun.HOST_ADDRESS);
    kafka = new KafkaBroker(folder, LabRun.HOST_ADDRESS);
    webhook = HttpReceiver.tls(own, true);
    otlp = HttpReceiver.tls(own, false);
  }

  /** Returns the files for the guest: the configuration, certificates and keys. */
  List<AddedFile> files() throws IOException {
    Files.writeString(folder.resolve("kmodwatch.yaml"), configuration());
    Files.writeString(folder.resolve("full.yaml"), configurationOnFullDisk());
    return Stream.of(
            "kmodwatch.yaml", "full.yaml", "ca.pem", "client.pem", "client.key", "hmac.key")
        .map(name -> AddedFile.of(folder.resolve(name)))
        .toList();
  }

  /**
   * Returns a file sink for each format, under the key {@code sinks} of a configuration.
   *
   * @param prefix the beginning of each file's path; the format's name and .ndjson follow
   */
  static String fileSinks(String prefix) {
    return Arrays.stream(FormatName.values())
        .map(
            format ->
                "  %1$s: {type: file, path: %2$s%1$s.ndjson, format: %1$s, kinds: [%3$s]}\n"
                    .formatted(
                        format.word(),
                        prefix,
                        format.kinds().stream()
                            .map(Notice.Kind::word)
                            .collect(Collectors.joining(", "))))
        .collect(Collectors.joining());
  }

  /** Returns a configuration with a file for each format, and a sink of each other kind. */
  private String configuration() {
    return """
    listen: 127.0.0.1:9464
    # Under emulation a client may need longer than ten seconds for its first answer.
    output-stalled-after: 5m
    spool: /root/spool
    history: {dir: /root/history}
    sinks:
    %s\
      standard-output: {type: stdout, format: falco}
      syslog-tls:
        type: syslog
        address: %s
        ca: /root/ca.pem
        certificate: /root/client.pem
        key: /root/client.key
      syslog-tcp: {type: syslog, address: '%s', framing: newline, format: ecs}
      syslog-udp: {type: syslog, address: '%s', format: falco}
      syslog-local: {type: syslog, address: 'unix:///dev/log'}
      webhook:
        type: webhook
        url: %s
        format: ocsf
        ca: /root/ca.pem
        certificate: /root/client.pem
        key: /root/client.key
        hmac-key: {file: /root/hmac.key}
      kafka: {type: kafka, brokers: '%s', topic: %s, format: loads}
      otlp: {type: otlp, endpoint: '%s', ca: /root/ca.pem, kinds: [finding, load, alert]}
    """
        .formatted(
            fileSinks("/out/"),
            seenByGuest(syslog.tlsAddress()),
            seenByGuest(syslog.tcpAddress()),
            seenByGuest(syslog.udpAddress()),
            seenByGuest(webhook.url("/hook")),
            kafka.addressForGuests(),
            TOPIC,
            seenByGuest(otlp.url("/v1/logs")));
  }

  /**
   * Returns a service's configuration with pins, a sink that works without a disk, and a history,
   * which does not.
   */
  private String configurationOnFullDisk() {
    return """
    listen: 127.0.0.1:9464
    pin: /sys/fs/bpf/kmodwatch
    state: /full/state
    spool: /full/spool
    history: {dir: /full/history}
    sinks:
      webhook:
        type: webhook
        url: %s
        kinds: [load]
        ca: /root/ca.pem
        certificate: /root/client.pem
        key: /root/client.key
    """
        .formatted(seenByGuest(webhook.url("/full")));
  }

  private static String seenByGuest(String address) {
    return address.replace("127.0.0.1", LabRun.HOST_ADDRESS);
  }

  @Override
  public void close() {
    syslog.close();
    kafka.close();
    webhook.close();
    otlp.close();
  }
}
