package org.kmodwatch.lab;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextTailTest {

  @TempDir Path folder;
  private Path log;

  @BeforeEach
  void writeLog() throws IOException {
    log = folder.resolve("log");
    Files.write(log, "one\r\n\033[31mtwo\033[0m\n\n\377three\nfour\n".getBytes(ISO_8859_1));
  }

  @Test
  void of_givesLastLinesWithoutControls() throws IOException {
    assertThat(TextTail.of(log, 3)).containsExactly("two", "\uFFFDthree", "four");
  }

  @Test
  void of_givesNothing_whenThereIsNoLog() throws IOException {
    assertThat(TextTail.of(folder.resolve("none"), 3)).isEmpty();
  }

  @Test
  void around_givesNeighbours_whenTextIsThere() throws IOException {
    assertThat(TextTail.around(log, "two", 5, 1)).containsExactly("one", "two", "\uFFFDthree");
    assertThat(TextTail.around(log, "five", 5, 1)).isEmpty();
  }
}
