package org.kmodwatch.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.kmodwatch.lab.LabResult;

/**
 * Counts the instructions of calls in a guest: with the agent off, on without images, on with
 * images. The script instructions.sh measures them in a guest whose clock counts instructions.
 */
final class InstructionCounts {

  private final Map<String, List<Long>> ticks = new HashMap<>();

  private InstructionCounts() {}

  /** Boots {@code kernel} and counts {@code what}. */
  static InstructionCounts of(Workplace workplace, String kernel, String what, int loads)
      throws IOException {
    LabResult result =
        Guests.run(
            workplace,
            what + "-" + kernel,
            Guests.script(kernel, "instructions.sh", Map.of("WHAT", what, "LOADS", loads))
                .withInstructionClock());
    var counts = new InstructionCounts();
    for (String line : Guests.lines(result, "guest.log")) {
      String[] words = line.split(" ", -1);
      if (words.length != 3) {
        throw new BenchException("not as expected in %s: %s".formatted(result.out(), line));
      }
      counts
          .ticks
          .computeIfAbsent(words[0] + " " + words[1], key -> new ArrayList<>())
          .add(Long.parseLong(words[2]));
    }
    return counts;
  }

  /**
   * Returns the counts of a call.
   *
   * @param state {@code off}, {@code on} or {@code images}
   * @param name the name of the call
   */
  Spread of(String state, String name) {
    return Spread.of(name + " " + state, ticks.getOrDefault(state + " " + name, List.of()));
  }
}
