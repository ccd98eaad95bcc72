package org.kmodwatch.sensor;

import java.util.List;

/** Finds, in what libbpf and the kernel's verifier say, the line that matters. */
final class VerifierLog {

  private static final String BEGIN = "-- BEGIN PROG LOAD LOG --";
  private static final String END = "-- END PROG LOAD LOG --";

  private VerifierLog() {}

  /**
   * The line that says why: the verifier's last one before its statistics; where the verifier did
   * not speak, libbpf's first. Empty if nobody spoke.
   *
   * @param messages libbpf's messages, the verifier's log between its two marks
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
