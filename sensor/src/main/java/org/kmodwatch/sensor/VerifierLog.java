package org.kmodwatch.sensor;

import java.util.List;

/** Finds the decisive line in the messages of libbpf and the kernel's verifier. */
final class VerifierLog {

  private static final String BEGIN = "-- BEGIN PROG LOAD LOG --";
  private static final String END = "-- END PROG LOAD LOG --";

  private VerifierLog() {}

  /**
   * Returns the line with the reason: the verifier's last line before its statistics. If the
   * verifier wrote nothing, returns libbpf's first line. Returns an empty string if there is no
   * message.
   *
   * @param messages libbpf's messages, with the verifier's log between its two marks
   */
  static String decisiveLine(String messages) {
    int begin = messages.indexOf(BEGIN);
    if (begin >= 0) {
      int end = messages.indexOf(END, begin);
      String log = messages.substring(begin + BEGIN.length(), end < 0 ? messages.length() : end);
      List<String> lines = log.lines().map(String::strip).filter(VerifierLog::tells).toList();
      if (!lines.isEmpty()) {
        return lines.getLast();
      }
    }
    return messages
        .lines()
        .map(String::strip)
        .filter(line -> !line.isEmpty())
        .findFirst()
        .map(line -> line.startsWith("libbpf: ") ? line.substring("libbpf: ".length()) : line)
        .orElse("");
  }

  private static boolean tells(String line) {
    return !line.isEmpty() && !line.startsWith("processed ") && !line.startsWith(";");
  }
}
