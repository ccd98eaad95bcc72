package org.kmodwatch.agent.sink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WebhookTargetTest {

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          siem.example/hook                | --webhook: not an https URL with a host
          ftp://siem.example/hook          | --webhook: not an https URL with a host
          https:///hook                    | --webhook: not an https URL with a host
          https://siem.example/a b         | --webhook: not a URL
          https://me:s3cret@siem.example/  | --webhook: a user or password in the URL is for everybody to read; remedy: --webhook-token-file
          http://siem.example:8080/?k=s3c  | --webhook: plain http is for this machine only; remedy: https, url=http://siem.example:8080
          http://127.0.0.1.evil.example/   | --webhook: plain http is for this machine only; remedy: https, url=http://127.0.0.1.evil.example
          """)
  void url_isRefused_withTheReason(String url, String message) {
    assertThatThrownBy(() -> WebhookTarget.of("--webhook", url, null))
        .isInstanceOf(SinkException.class)
        .hasMessage(message);
  }

  @ParameterizedTest
  @CsvSource({
    "https://siem.example/hook?key=s3cret, https://siem.example",
    "HTTPS://siem.example:8443/s3cret, HTTPS://siem.example:8443",
    "http://localhost:1/s3cret, http://localhost:1",
    "http://127.0.0.2/s3cret, http://127.0.0.2",
    "http://[::1]:9/s3cret, http://[::1]:9"
  })
  void url_isShownWithoutWhatMayBeASecret(String url, String shown) {
    assertThat(WebhookTarget.of("--webhook", url, null)).hasToString(shown);
  }

  @Test
  void token_isReadAnew_eachTime() throws IOException {
    Path file = tokenFile("first\n", "rw-------");
    Secret token = Secret.inFile("--webhook-token-file", file);
    assertThat(token.readWord()).isEqualTo("first");
    Files.writeString(file, "second");
    assertThat(token.readWord()).isEqualTo("second");
  }

  @Test
  void tokenFile_isRefused_whenOthersCanReadIt_orItHoldsNoToken() throws IOException {
    assertRefused(
        tokenFile("s3cret\n", "rw-r-----"), "others may read or write it; remedy: chmod 600 ");
    assertRefused(
        tokenFile("s3cret and more\n", "rw-------"),
        "not one line of printable characters without spaces: ");
    assertRefused(
        tokenFile("", "rw-------"), "not one line of printable characters without spaces: ");
    assertRefused(folder.resolve("absent"), "no such file: ");
  }

  private static void assertRefused(Path file, String reason) {
    assertThatThrownBy(
            () ->
                WebhookTarget.of(
                        "--webhook",
                        "https://siem.example/",
                        Secret.inFile("--webhook-token-file", file))
                    .requireSecrets())
        .isInstanceOf(SinkException.class)
        .hasMessage("--webhook-token-file: " + reason + file)
        .hasMessageNotContaining("s3cret");
  }

  private Path tokenFile(String text, String mode) throws IOException {
    Path file = folder.resolve("token");
    Files.deleteIfExists(file);
    Files.writeString(file, text);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
    return file;
  }
}
