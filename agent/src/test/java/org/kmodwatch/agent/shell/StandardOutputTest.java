package org.kmodwatch.agent.shell;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kmodwatch.agent.Cli;
import org.kmodwatch.agent.output.OutputQueue;

class StandardOutputTest {

  private static final byte[] LONG =
      ("{\"schema\":\"kmodwatch.load/1\",\"text\":\"" + "x".repeat(100_000) + "\"}\n")
          .getBytes(StandardCharsets.UTF_8);

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  @TempDir Path folder;

  @Test
  void pipeOrFile_hasLinesWhole() throws IOException {
    new StandardOutput(out, true).write(LONG);

    assertThat(out.toByteArray()).isEqualTo(LONG);
  }

  @Test
  void journal_hasNoLineThatItWouldSplit_writtenToOrByAQueue() throws IOException {
    var journal = new StandardOutput(out, true, true);
    journal.write(LONG);
    try (OutputQueue queue = OutputQueue.named("standard output", 1 << 20, note -> {})) {
      queue.to(journal).write(LONG);
    }

    assertThat(out.toString(StandardCharsets.UTF_8).lines())
        .hasSize(2)
        .allMatch(line -> line.length() < 48 << 10 && line.endsWith("}"));
  }

  @Test
  void journal_isKnownByDeviceAndInode() throws IOException {
    Path stream = Files.createFile(folder.resolve("stream"));
    Map<String, Object> found = Files.readAttributes(stream, "unix:dev,ino");
    String name = found.get("dev") + ":" + found.get("ino");

    assertThat(Shell.isJournal(Map.of("JOURNAL_STREAM", name), stream)).isTrue();
    assertThat(Shell.isJournal(Map.of("JOURNAL_STREAM", name + "1"), stream)).isFalse();
    assertThat(Shell.isJournal(Map.of("JOURNAL_STREAM", name), folder)).isFalse();
    assertThat(Shell.isJournal(Map.of(), stream)).isFalse();
  }

  @Test
  void longNote_isCut() {
    Cli.Result result = new Cli().run("replay", "-o", "x".repeat(100_000), "-");

    assertThat(result.err().lines()).allMatch(line -> line.length() < 12 << 10);
    assertThat(result.err()).contains("… (cut: ");
  }
}
