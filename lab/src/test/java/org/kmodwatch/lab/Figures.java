package org.kmodwatch.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Figures of the runs that docs and README quote: a line a figure in {@code build/figures}, which
 * {@code tools/figures.sh} prints.
 */
final class Figures {

  private Figures() {}

  /**
   * Writes down the figures of a run, in place of those of the last.
   *
   * @param run what was run, such as {@code flood}
   * @param kernel its name in the lab
   */
  static void write(String run, String kernel, String... lines) throws IOException {
    Path folder = Files.createDirectories(Checkout.find().labFolder().resolveSibling("figures"));
    var text = new StringBuilder();
    for (String line : lines) {
      text.append("%-8s %-5s %s%n".formatted(run, kernel, line));
    }
    Files.writeString(folder.resolve(run + "-" + kernel), text);
  }
}
