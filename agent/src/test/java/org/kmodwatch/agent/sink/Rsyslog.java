package org.kmodwatch.agent.sink;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/** Debian's rsyslog as an ordinary process, with a folder of its own. */
public final class Rsyslog implements AutoCloseable {

  private static final Path ROOT = Path.of("../build/test-servers/root").toAbsolutePath();
  private static final Path LIBRARIES = ROOT.resolve("usr/lib/x86_64-linux-gnu");

  /** One line a message: what the server understood of it, parts apart by tabs. */
  private static final String TEMPLATE =
      "template(name=\"t\" type=\"string\" string=\"%pri%\\t%protocol-version%\\t%hostname%\\t"
          + "%app-name%\\t%procid%\\t%msgid%\\t%structured-data%\\t%msg%\\n\")\n";

  private final Path folder;
  private final int udp = freeUdpPort();
  private final int tcp = freePort();
  private final int tls = freePort();
  private Process process;

  /** Starts one whose certificate is for {@code host}, where whoever sends reaches this machine. */
  public Rsyslog(Path folder, TestCertificates certificates, String host) throws Exception {
    Assumptions.assumeTrue(
        Files.isExecutable(ROOT.resolve("usr/sbin/rsyslogd")),
        "there is no rsyslog to send to; remedy: tools/test-servers.sh");
    this.folder = folder;
    TlsFiles own = certificates.issue("syslog", host, false);
    Files.writeString(
        folder.resolve("rsyslog.conf"),
        """
        global(workDirectory="%1$s" maxMessageSize="128k" parser.escapeControlCharactersOnReceive="off"
               defaultNetstreamDriverCAFile="%2$s" defaultNetstreamDriverCertFile="%3$s"
               defaultNetstreamDriverKeyFile="%4$s")
        module(load="imudp")
        module(load="imptcp")
        module(load="imtcp" streamDriver.name="gtls" streamDriver.mode="1"
               streamDriver.authMode="x509/certvalid")
        module(load="imuxsock" sysSock.use="off")
        %8$s
        input(type="imudp" address="127.0.0.1" port="%5$d" ruleset="r")
        input(type="imptcp" address="127.0.0.1" port="%6$d" ruleset="r")
        input(type="imtcp" address="127.0.0.1" port="%7$d" ruleset="r")
        input(type="imuxsock" socket="%1$s/log" ruleset="r" rateLimit.interval="0")
        ruleset(name="r") { action(type="omfile" file="%1$s/received" template="t") }
        """
            .formatted(
                folder, certificates.ca(), own.certificate(), own.key(), udp, tcp, tls, TEMPLATE));
    process = start();
  }

  private Process start() throws IOException {
    var builder =
        new ProcessBuilder(
            ROOT.resolve("usr/sbin/rsyslogd").toString(),
            "-n",
            "-f",
            folder.resolve("rsyslog.conf").toString(),
            "-i",
            folder.resolve("pid").toString(),
            "-M",
            LIBRARIES.resolve("rsyslog").toString());
    builder
        .environment()
        .put("LD_LIBRARY_PATH", LIBRARIES + ":" + ROOT.resolve("lib/x86_64-linux-gnu"));
    builder.redirectErrorStream(true).redirectOutput(folder.resolve("out").toFile());
    Process started = builder.start();
    await().atMost(Duration.ofSeconds(20)).until(() -> Files.exists(folder.resolve("log")));
    return started;
  }

  void stop() {
    process.destroy();
    try {
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }

  void startAgain() throws IOException {
    Files.deleteIfExists(folder.resolve("log"));
    process = start();
  }

  /** Where this machine reaches it over TCP. */
  public String tcpAddress() {
    return "tcp://127.0.0.1:" + tcp;
  }

  /** The same over TLS. */
  public String tlsAddress() {
    return "tls://127.0.0.1:" + tls;
  }

  /** The same over UDP. */
  public String udpAddress() {
    return "udp://127.0.0.1:" + udp;
  }

  String localAddress() {
    return "unix://" + folder.resolve("log");
  }

  /** The messages that the server has written, each with its parts. */
  public List<List<String>> received() throws IOException {
    Path file = folder.resolve("received");
    if (!Files.exists(file)) {
      return List.of();
    }
    return Files.readString(file, StandardCharsets.UTF_8)
        .lines()
        .map(line -> List.of(line.split("\t", 8)))
        .toList();
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static int freeUdpPort() throws IOException {
    try (DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  @Override
  public void close() {
    stop();
  }
}
