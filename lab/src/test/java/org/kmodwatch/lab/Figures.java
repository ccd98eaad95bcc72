package org.kmodwatch.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Stores the figures of runs that docs and README quote in {@code build/figures}, one per line;
 * {@code tools/figures.sh} prints them.
 */
final class Figures {

  private Figures() {}

  /**
   * Writes the figures of a run, and replaces those of the last.
   *
   * @param run the name of the run, such as {@code flood}
   * @param kernel the kernel's name in the lab
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
