package org.kmodwatch.agent.sink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.kmodwatch.agent.sink.TestItems.bodies;
import static org.kmodwatch.agent.sink.TestItems.items;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileTransportTest {

  @TempDir Path folder;

  private Path file() {
    return folder.resolve("logs/alerts.ndjson");
  }

  private FileTransport transport(long maxBytes, int keep, boolean compress) {
    return new FileTransport(new FileTarget(file(), maxBytes, keep, compress));
  }

  @Test
  void lines_areAdded_andNobodyElseCanReadThem() throws IOException {
    try (FileTransport transport = transport(0, 5, false)) {
      assertThat(transport.send(items(0, 2))).isEqualTo(new Answer.Taken());
      assertThat(transport.send(items(2, 1))).isEqualTo(new Answer.Taken());
    }

    assertThat(Files.readAllLines(file())).isEqualTo(bodies(0, 3));
    assertThat(Files.getPosixFilePermissions(file()))
        .isEqualTo(PosixFilePermissions.fromString("rw-------"));
  }

  @Test
  void lineThatACrashCut_isCutOff() throws IOException {
    Files.createDirectories(file().getParent());
    Files.writeString(file(), "{\"n\":0}\n{\"n\"");

    try (FileTransport transport = transport(0, 5, false)) {
      transport.send(items(1, 1));
    }

    assertThat(Files.readAllLines(file())).isEqualTo(bodies(0, 2));
  }

  @Test
  void file_isRenamed_whenItWouldGetTooLarge_andTheOldestGo() throws IOException {
    try (FileTransport transport = transport(20, 2, false)) {
      for (int i = 0; i < 8; i += 2) {
        transport.send(items(i, 2));
      }
    }

    assertThat(Files.readAllLines(file())).isEqualTo(bodies(6, 2));
    assertThat(Files.readAllLines(Path.of(file() + ".1"))).isEqualTo(bodies(4, 2));
    assertThat(Files.readAllLines(Path.of(file() + ".2"))).isEqualTo(bodies(2, 2));
    assertThat(Path.of(file() + ".3")).doesNotExist();
  }

  @Test
  void renamedFile_isCompressed_ifAskedFor() throws IOException {
    try (FileTransport transport = transport(10, 1, true)) {
      transport.send(items(0, 1));
      transport.send(items(1, 1));
    }

    assertThat(Path.of(file() + ".1")).doesNotExist();
    try (InputStream in = new GZIPInputStream(Files.newInputStream(Path.of(file() + ".1.gz")))) {
      assertThat(new String(in.readAllBytes(), StandardCharsets.UTF_8)).isEqualTo("{\"n\":0}\n");
    }
  }

  @Test
  void fileThatSomebodyElseRenamed_isMadeAnew() throws IOException {
    try (FileTransport transport = transport(0, 5, false)) {
      transport.send(items(0, 1));
      Files.move(file(), Path.of(file() + ".old"));
      transport.send(items(1, 1));
    }

    assertThat(Files.readAllLines(file())).isEqualTo(bodies(1, 1));
    assertThat(Files.readAllLines(Path.of(file() + ".old"))).isEqualTo(bodies(0, 1));
  }

  @Test
  void symbolicLink_isNotFollowed() throws IOException {
    Path other = Files.writeString(folder.resolve("other"), "mine\n");
    Files.createDirectories(file().getParent());
    Files.createSymbolicLink(file(), other);

    try (FileTransport transport = transport(0, 5, false)) {
      assertThat(transport.send(items(0, 1)))
          .isEqualTo(new Answer.Later("not a regular file: " + file(), null));
    }

    assertThat(Files.readString(other)).isEqualTo("mine\n");
  }

  @Test
  void folderThatTakesNothing_isTriedAgain() throws IOException {
    Files.writeString(folder.resolve("logs"), "a file where a folder should be");
    try (FileTransport transport = transport(0, 5, false)) {
      assertThat(transport.send(items(0, 1))).isInstanceOf(Answer.Later.class);
      Files.delete(folder.resolve("logs"));
      assertThat(transport.send(items(0, 1))).isEqualTo(new Answer.Taken());
    }
    assertThat(Files.readAllLines(file())).isEqualTo(bodies(0, 1));
  }
}
