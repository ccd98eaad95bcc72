package org.kmodwatch.agent.sink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.kmodwatch.agent.sink.TestItems.bodies;
import static org.kmodwatch.agent.sink.TestItems.item;
import static org.kmodwatch.agent.sink.TestItems.items;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Against a real server: Debian's rsyslog. */
@Timeout(120)
class SyslogTransportTest {

  /** Everything that a message could trip over. */
  private static final String HARD =
      "CEF:0|K|K|1|KMW-1001|a\\|b|8|msg=x\\=y \\\\ \\n Zürich ]\" \u20ac fname=m o d.ko";

  @TempDir static Path folder;

  @SuppressWarnings("NullAway.Init")
  private static TestCertificates certificates;

  @SuppressWarnings("NullAway.Init")
  private static TlsFiles client;

  @SuppressWarnings("NullAway.Init")
  private static Rsyslog server;

  @BeforeAll
  static void start() throws Exception {
    certificates = new TestCertificates(folder);
    client = certificates.issue("client", "client.example", false);
    server = new Rsyslog(folder, certificates, "127.0.0.1");
  }

  @AfterAll
  static void stop() {
    if (server != null) {
      server.close();
    }
  }

  private static SyslogTransport transport(
      String address, SyslogTarget.Framing framing, TlsFiles tls) {
    return new SyslogTransport(
        new SyslogTarget(
            SyslogTarget.Address.parse(address).orElseThrow(),
            framing,
            SyslogTarget.FACILITIES.indexOf("local3"),
            "kmodwatch",
            tls),
        "host one");
  }

  private static String addressOf(String way) {
    return switch (way) {
      case "tcp" -> server.tcpAddress();
      case "tls" -> server.tlsAddress();
      case "udp" -> server.udpAddress();
      default -> server.localAddress();
    };
  }

  private static List<List<String>> awaitMessages(String idPart, int count) {
    return await()
        .atMost(Duration.ofSeconds(20))
        .until(
            () ->
                server.received().stream()
                    .filter(message -> message.get(6).contains(idPart))
                    .toList(),
            found -> found.size() >= count);
  }

  @ParameterizedTest
  @CsvSource({"tcp, OCTET_COUNTING", "tcp, NEWLINE", "tls, OCTET_COUNTING", "udp, OCTET_COUNTING"})
  void message_arrivesWholeWithAllItsParts(String way, SyslogTarget.Framing framing) {
    String id = "alert:%s-%s".formatted(way, framing);
    TlsFiles tls = way.equals("tls") ? client : TlsFiles.NONE;
    try (SyslogTransport transport = transport(addressOf(way), framing, tls)) {
      assertThat(transport.send(List.of(item(id, HARD)))).isEqualTo(new Answer.Taken());
    }

    List<String> message = awaitMessages(id, 1).getFirst();
    // local3 is 19, a severity of 2 is a warning, 4 (RFC 5424, section 6.2.1).
    assertThat(message.subList(0, 7))
        .containsExactly(
            Integer.toString(19 * 8 + 4),
            "1",
            "host?one",
            "kmodwatch",
            Long.toString(ProcessHandle.current().pid()),
            "alert",
            "[kmodwatch@32473 id=\"%s\" kind=\"alert\" severity=\"2\"]".formatted(id));
    assertThat(message.get(7).replace("\uFEFF", "")).isEqualTo(HARD);
  }

  /** As the C library sends them: a server does not look for RFC 5424 there. */
  @Test
  void message_overTheLocalSocket_isReadWithItsParts() {
    try (SyslogTransport transport =
        transport(server.localAddress(), SyslogTarget.Framing.OCTET_COUNTING, TlsFiles.NONE)) {
      assertThat(transport.send(List.of(item("alert:local", "local " + HARD))))
          .isEqualTo(new Answer.Taken());
    }

    List<String> message =
        await()
            .atMost(Duration.ofSeconds(20))
            .until(
                () ->
                    server.received().stream()
                        .filter(parts -> parts.get(7).contains("local CEF"))
                        .toList(),
                found -> !found.isEmpty())
            .getFirst();
    assertThat(message.get(0)).isEqualTo(Integer.toString(19 * 8 + 4));
    assertThat(message.get(3)).isEqualTo("kmodwatch");
    assertThat(message.get(4)).isEqualTo(Long.toString(ProcessHandle.current().pid()));
    assertThat(message.get(7).strip()).isEqualTo("local " + HARD);
  }

  @Test
  void batch_arrivesInOrder_overTls() {
    try (SyslogTransport transport =
        transport(server.tlsAddress(), SyslogTarget.Framing.OCTET_COUNTING, client)) {
      assertThat(transport.send(items(1000, 100))).isEqualTo(new Answer.Taken());
    }

    assertThat(awaitMessages("alert:1", 100))
        .extracting(message -> message.get(7))
        .containsExactlyElementsOf(bodies(1000, 100));
  }

  @Test
  void idWithSpecialCharacters_staysOneValue() {
    try (SyslogTransport transport =
        transport(server.tcpAddress(), SyslogTarget.Framing.OCTET_COUNTING, TlsFiles.NONE)) {
      transport.send(List.of(item("alert:q\"]\\x", "body")));
    }

    assertThat(awaitMessages("alert:q", 1).getFirst().get(6))
        .isEqualTo("[kmodwatch@32473 id=\"alert:q\\\"\\]\\\\x\" kind=\"alert\" severity=\"2\"]");
  }

  @Test
  void serverThatWantsACertificate_isNotTakenToHaveWhatItRefused() {
    try (SyslogTransport transport =
        transport(
            server.tlsAddress(), SyslogTarget.Framing.OCTET_COUNTING, certificates.trusting())) {
      assertThat(transport.send(items(0, 1))).isInstanceOf(Answer.Later.class);
    }
  }

  @Test
  void serverThatAnUnknownAuthorityVouchesFor_getsNothing() {
    try (SyslogTransport transport =
        transport(server.tlsAddress(), SyslogTarget.Framing.OCTET_COUNTING, TlsFiles.NONE)) {
      assertThat(transport.send(items(0, 1))).isInstanceOf(Answer.Later.class);
    }
  }

  @Test
  void serverThatIsDown_getsWhatWasNotTaken_whenItIsBack() throws Exception {
    try (SyslogTransport transport =
        transport(server.tcpAddress(), SyslogTarget.Framing.OCTET_COUNTING, TlsFiles.NONE)) {
      assertThat(transport.send(items(5000, 1))).isEqualTo(new Answer.Taken());
      awaitMessages("alert:5000", 1);
      server.stop();
      try {
        // The server closed its side, so this is not taken for delivered.
        assertThat(transport.send(items(5001, 1))).isInstanceOf(Answer.Later.class);
        assertThat(transport.send(items(5001, 1))).isInstanceOf(Answer.Later.class);
      } finally {
        server.startAgain();
      }
      await()
          .atMost(Duration.ofSeconds(20))
          .until(() -> transport.send(items(5001, 1)).equals(new Answer.Taken()));
    }
    assertThat(awaitMessages("alert:5001", 1)).hasSize(1);
  }

  @Test
  void datagramThatIsTooLarge_isRefusedWithTheRemedy() {
    try (SyslogTransport transport =
        transport(server.udpAddress(), SyslogTarget.Framing.OCTET_COUNTING, TlsFiles.NONE)) {
      assertThat(transport.send(List.of(item("alert:large", "x".repeat(70_000)))))
          .isInstanceOfSatisfying(
              Answer.Refused.class,
              refused ->
                  assertThat(refused.why())
                      .startsWith("too large for a datagram, bytes=")
                      .endsWith("limit=65507; remedy: tcp or tls"));
    }
  }

  @Test
  void localSocketThatIsNotThere_isNamed() {
    try (SyslogTransport transport =
        transport(
            "unix://" + folder.resolve("absent"),
            SyslogTarget.Framing.OCTET_COUNTING,
            TlsFiles.NONE)) {
      assertThat(transport.send(items(0, 1)))
          .isEqualTo(
              new Answer.Later(
                  "cannot connect to %s: No such file or directory (errno=2)"
                      .formatted(folder.resolve("absent")),
                  null));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "syslog.example",
        "http://x",
        "tcp://",
        "tcp://h/path",
        "unix://host/x",
        "tls://u@h"
      })
  void address_isRefused(String address) {
    assertThat(SyslogTarget.Address.parse(address)).isEmpty();
  }
}
