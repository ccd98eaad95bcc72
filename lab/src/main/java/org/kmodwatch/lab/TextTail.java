package org.kmodwatch.lab;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * Reads the end of a log that a guest wrote. It removes control characters, so that a terminal can
 * show the log.
 */
final class TextTail {

  private TextTail() {}

  /** Returns the last lines; empty if there is no such file. */
  static List<String> of(Path file, int count) throws IOException {
    List<String> lines = lines(file).toList();
    return lines.subList(Math.max(0, lines.size() - count), lines.size());
  }

  /**
   * Returns the first line that contains this text and some lines around it; empty if no line
   * contains it.
   */
  static List<String> around(Path file, String text, int before, int after) throws IOException {
    List<String> lines = lines(file).toList();
    for (int i = 0; i < lines.size(); i++) {
      if (lines.get(i).contains(text)) {
        return lines.subList(Math.max(0, i - before), Math.min(lines.size(), i + 1 + after));
      }
    }
    return List.of();
  }

  private static Stream<String> lines(Path file) throws IOException {
    if (!Files.exists(file)) {
      return Stream.of();
    }
    // Files.readAllLines would fail: a console may have bytes that are not UTF-8.
    return new String(Files.readAllBytes(file), StandardCharsets.UTF_8)
        .lines()
        .map(line -> line.replaceAll("\\e\\[[0-9;]*[A-Za-z]|\\p{Cntrl}", "").stripTrailing())
        .filter(line -> !line.isEmpty());
  }
}
