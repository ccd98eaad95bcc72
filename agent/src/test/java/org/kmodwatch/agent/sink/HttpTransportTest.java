package org.kmodwatch.agent.sink;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.kmodwatch.agent.sink.TestItems.items;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.kmodwatch.agent.format.Format;

/** Against an HTTPS server with certificates of its own authority. */
@Timeout(60)
class HttpTransportTest {

  private static final Instant NOW = Instant.parse("2026-11-22T20:00:01Z");

  @TempDir Path folder;

  private int status = 200;

  @SuppressWarnings("NullAway.Init")
  private TestCertificates certificates;

  private final List<HttpReceiver> servers = new ArrayList<>();

  @BeforeEach
  void makeAuthority() {
    certificates = new TestCertificates(folder);
  }

  @AfterEach
  void stop() {
    servers.forEach(HttpReceiver::close);
  }

  /** Starts a server; its URL is for localhost. */
  private String start(TlsFiles own, boolean wantsCertificate) throws IOException {
    HttpReceiver server = HttpReceiver.tls(own, wantsCertificate);
    server.answer(status);
    servers.add(server);
    return server.url("/hook");
  }

  /** What all servers got. */
  private List<HttpReceiver.Request> received() {
    return servers.stream().flatMap(server -> server.requests().stream()).toList();
  }

  private List<String> bodies() {
    return received().stream().map(HttpReceiver.Request::text).toList();
  }

  private List<String> headers(String name) {
    return received().stream().map(request -> request.headers().getFirst(name)).toList();
  }

  private Secret secret(String name, String text) throws IOException {
    Path file = Files.writeString(folder.resolve(name), text);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    return Secret.inFile(name, file);
  }

  private static HttpTransport transport(WebhookTarget target, String contentType) {
    return new HttpTransport(target, contentType, "1", () -> NOW, Duration.ofSeconds(5));
  }

  private static WebhookTarget target(String url, TlsFiles tls) {
    return target(url, tls, null, Map.of(), 100, false);
  }

  private static WebhookTarget target(
      String url,
      TlsFiles tls,
      @Nullable Secret hmac,
      Map<String, Secret> secretHeaders,
      int batch,
      boolean lines) {
    return new WebhookTarget(
        WebhookTarget.uri("url", url, "a token"),
        null,
        Map.of("X-Team", "blue"),
        secretHeaders,
        tls,
        hmac,
        batch,
        lines);
  }

  private static Answer send(WebhookTarget target, String contentType, int count)
      throws InterruptedException {
    try (HttpTransport transport = transport(target, contentType)) {
      return transport.send(items(0, count));
    }
  }

  @Test
  void server_isTrusted_byItsOwnAuthority() throws Exception {
    String url = start(certificates.issue("server", "127.0.0.1", false), false);

    assertThat(send(target(url, certificates.trusting()), Format.JSON, 2))
        .isEqualTo(new Answer.Taken());
    assertThat(bodies()).containsExactly("[{\"n\":0},{\"n\":1}]");
    assertThat(headers("X-Team")).containsExactly("blue");
  }

  @Test
  void server_getsNothing_whenItsCertificateIsNotGood() throws Exception {
    String url = start(certificates.issue("server", "127.0.0.1", false), false);
    assertThat(send(target(url, TlsFiles.NONE), Format.JSON, 1)).isInstanceOf(Answer.Later.class);
    url = start(certificates.issue("expired", "127.0.0.1", true), false);
    assertThat(send(target(url, certificates.trusting()), Format.JSON, 1))
        .isInstanceOf(Answer.Later.class);
    url = start(certificates.issue("other", "elsewhere.example", false), false);
    assertThat(send(target(url, certificates.trusting()), Format.JSON, 1))
        .isInstanceOf(Answer.Later.class);

    assertThat(bodies()).isEmpty();
  }

  @Test
  void client_showsItsCertificate_whereOneIsWanted() throws Exception {
    String url = start(certificates.issue("server", "127.0.0.1", false), true);

    assertThat(send(target(url, certificates.trusting()), Format.JSON, 1))
        .isInstanceOf(Answer.Later.class);
    assertThat(send(target(url, certificates.issue("client", "client", false)), Format.JSON, 1))
        .isEqualTo(new Answer.Taken());
  }

  @Test
  void request_isSigned_overTimeAndBody() throws Exception {
    String url = start(certificates.issue("server", "127.0.0.1", false), false);

    send(
        target(url, certificates.trusting(), secret("hmac", "key"), Map.of(), 100, false),
        Format.JSON,
        1);

    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec("key".getBytes(UTF_8), "HmacSHA256"));
    String expected =
        HexFormat.of()
            .formatHex(
                mac.doFinal(
                    "%d.%s".formatted(NOW.getEpochSecond(), bodies().getFirst()).getBytes(UTF_8)));
    assertThat(headers("X-Kmodwatch-Signature"))
        .containsExactly("t=%d,v1=%s".formatted(NOW.getEpochSecond(), expected));
  }

  @Test
  void body_isTheItemItself_orOneALine_ifAskedFor() throws Exception {
    String url = start(certificates.issue("server", "127.0.0.1", false), false);
    TlsFiles tls = certificates.trusting();

    send(target(url, tls, null, Map.of(), 1, false), Format.JSON, 1);
    send(target(url, tls, null, Map.of(), 100, true), Format.JSON, 2);
    send(target(url, tls, null, Map.of(), 100, false), Format.TEXT, 2);

    assertThat(bodies())
        .containsExactly("{\"n\":0}", "{\"n\":0}\n{\"n\":1}\n", "{\"n\":0}\n{\"n\":1}\n");
    assertThat(headers("Content-Type"))
        .containsExactly("application/json", "application/x-ndjson", "text/plain; charset=utf-8");
  }

  @Test
  void secretHeader_isReadAnew_forEachRequest() throws Exception {
    String url = start(certificates.issue("server", "127.0.0.1", false), false);
    Secret key = secret("api-key", "first");
    try (HttpTransport transport =
        transport(
            target(url, certificates.trusting(), null, Map.of("X-Api-Key", key), 100, false),
            Format.JSON)) {
      transport.send(items(0, 1));
      secret("api-key", "second");
      transport.send(items(0, 1));
      Files.delete(folder.resolve("api-key"));
      assertThat(transport.send(items(0, 1)))
          .isEqualTo(new Answer.Later("api-key: no such file: " + folder.resolve("api-key"), null));
    }

    assertThat(headers("X-Api-Key")).containsExactly("first", "second");
  }

  @ParameterizedTest
  @ValueSource(ints = {200, 201, 202, 204, 299})
  void any2xx_isTaken(int answered) throws Exception {
    status = answered;
    String url = start(certificates.issue("server", "127.0.0.1", false), false);

    assertThat(send(target(url, certificates.trusting()), Format.JSON, 1))
        .isEqualTo(new Answer.Taken());
  }

  @ParameterizedTest
  @ValueSource(ints = {301, 302, 307, 401, 403, 404, 408, 429, 500, 502, 503})
  void anythingElse_isTriedAgain(int answered) throws Exception {
    status = answered;
    String url = start(certificates.issue("server", "127.0.0.1", false), false);

    assertThat(send(target(url, certificates.trusting()), Format.JSON, 1))
        .isEqualTo(new Answer.Later("HTTP status " + answered, null));
  }

  @Test
  void files_areNamed_whenTheyAreNotWhatTheyShouldBe() throws Exception {
    Path empty = Files.writeString(folder.resolve("empty"), "");
    TlsFiles own = certificates.issue("client", "client", false);
    Path key = own.key();
    assertThat(key).isNotNull();

    assertThatThrownBy(() -> Tls.context(new TlsFiles(empty, null, null)))
        .isInstanceOf(SinkException.class)
        .hasMessage("no certificate (PEM) in " + empty);
    assertThatThrownBy(() -> new TlsFiles(null, empty, null))
        .isInstanceOf(SinkException.class)
        .hasMessage("a client certificate needs both: certificate and key");
    Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-r--r--"));
    assertThatThrownBy(() -> Tls.context(own))
        .isInstanceOf(SinkException.class)
        .hasMessageContaining("the key: others may read or write it; remedy: chmod 600 " + key);
  }
}
