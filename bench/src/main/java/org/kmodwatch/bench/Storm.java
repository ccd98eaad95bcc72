package org.kmodwatch.bench;

import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.kmodwatch.lab.Accelerator;
import org.kmodwatch.lab.Lab;
import org.kmodwatch.lab.LabResult;
import org.kmodwatch.lab.LabRun;

/**
 * Loads and unloads a small module as fast as the guest can for a minute, watched by the agent, and
 * then by auditd. {@code -Dkmodwatch.seconds=10} makes a short run.
 */
final class Storm implements Measurement {

  private static final int SECONDS = Integer.getInteger("kmodwatch.seconds", 60);

  /** Sets the length of a clock tick in /proc/PID/stat, in milliseconds. */
  private static final double TICK_MILLIS = 10;

  /**
   * Matches the agent's summary at its end: 360 events, 80 loads, 80 findings, held back 0, lost 0.
   */
  private static final Pattern ACCOUNT =
      Pattern.compile("(\\d+) events?, (\\d+) loads?, .* held back (\\d+), lost (\\d+)");

  @Override
  public String name() {
    return "storm";
  }

  @Override
  public String summary() {
    return "loads as fast as the guest can for 60 s: losses, processor time, beside auditd (10"
        + " min)";
  }

  /** Holds the numbers and the result of one storm. */
  private record Watched(Map<String, Long> numbers, LabResult result) {

    /** Returns a number that the script printed. */
    long number(String name) {
      Long value = numbers.get(name);
      if (value == null) {
        throw new BenchException("the script said nothing of %s".formatted(name));
      }
      return value;
    }

    double millisPerLoad(String process) {
      return number("cpu " + process) * TICK_MILLIS / number("loads");
    }
  }

  @Override
  public Figures measure(Workplace workplace) throws IOException, InterruptedException {
    var figures = new Figures.Builder();
    Watched live = storm(workplace, "agent", false);
    Matcher account = account(live.result());
    long lost = Long.parseLong(account.group(4)) + Long.parseLong(account.group(3));
    long loads = live.number("loads");
    // Each module is loaded and unloaded. The summary also counts loads before the storm.
    long records = Long.parseLong(account.group(2));
    figures.add(
        "Kmodwatch, two processors",
        "%,d loads and as many unloads in %d s: %,d records a second; %d lost or held back"
            .formatted(loads, SECONDS, 2 * loads / SECONDS, lost),
        "no loss",
        lost == 0 && records >= 2 * loads);
    figures.add(
        "of which written when the storm ended",
        "%.1f %%".formatted(100.0 * live.number("behind") / live.number("size")));
    Watched auditd = storm(workplace, "auditd", false);
    figures.add(
        "auditd, two processors",
        "%,d loads and as many unloads; %s"
            .formatted(auditd.number("loads"), lostByAudit(auditd.result())));

    Watched counted = storm(workplace, "agent", true);
    Watched auditdCounted = storm(workplace, "auditd", true);
    double ours = counted.millisPerLoad("agent");
    double theirs = auditdCounted.millisPerLoad("auditd");
    figures.add(
        "Kmodwatch, instructions for a load and its unload",
        millions(ours),
        "fewer than auditd",
        ours < theirs);
    figures.add("auditd, the same", millions(theirs));
    figures.add(
        "kauditd, the kernel's thread that feeds it",
        millions(auditdCounted.millisPerLoad("kauditd")));
    return figures.build();
  }

  private static Watched storm(Workplace workplace, String who, boolean counted)
      throws IOException, InterruptedException {
    LabRun run =
        Guests.script(
                Guests.KERNEL,
                "storm.sh",
                Map.of("WHO", who, "OPTIONS", "-o loads", "SECONDS_OF_STORM", SECONDS))
            .withFile(Guests.peer(workplace, "auditd"))
            .withFile(Lab.testModule(Guests.KERNEL, "kw_plain"));
    LabResult result =
        Guests.run(
            workplace,
            "storm-" + who + (counted ? "-1" : "-2"),
            counted ? run.withInstructionClock() : run.withAccelerator(Accelerator.MTTCG));
    var numbers = new HashMap<String, Long>();
    for (String line : Guests.lines(result, "guest.log")) {
      int blank = line.lastIndexOf(' ');
      numbers.put(line.substring(0, Math.max(0, blank)), Long.valueOf(line.substring(blank + 1)));
    }
    return new Watched(numbers, result);
  }

  private static Matcher account(LabResult result) throws IOException {
    List<String> lines = Guests.lines(result, "agent.log");
    Matcher account = ACCOUNT.matcher(lines.isEmpty() ? "" : lines.getLast());
    if (!account.find()) {
      throw new BenchException("the agent gave no account; see " + result.out());
    }
    return account;
  }

  private static String lostByAudit(LabResult result) throws IOException {
    return Guests.lines(result, "audit.status").stream()
        .filter(line -> line.startsWith("lost "))
        .findFirst()
        .orElse("lost: not said");
  }

  /** Formats instructions: on the clock that counts them, a millisecond is a million. */
  private static String millions(double millis) {
    return "%.3f million".formatted(millis);
  }
}
