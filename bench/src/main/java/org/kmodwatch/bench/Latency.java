package org.kmodwatch.bench;

import java.io.IOException;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.kmodwatch.lab.Accelerator;
import org.kmodwatch.lab.Lab;
import org.kmodwatch.lab.LabResult;
import org.kmodwatch.lab.LabRun;

/**
 * Measures the time from a load until its line is in a file. It compares Kmodwatch, auditd and
 * bpftrace, for the same loads in the same boot. One process adds a time to the lines of all three
 * as they appear. {@code -Dkmodwatch.loads=100} makes a short run.
 */
final class Latency implements Measurement {

  private static final int LOADS = Integer.getInteger("kmodwatch.loads", 1_000);
  private static final int MILLIS = 200;

  private static final Pattern PID_OF_FINDING = Pattern.compile("\"hostProcessId\":(\\d+)");
  private static final Pattern TIME_OF_FINDING = Pattern.compile("\"timestamp\":(\\d+)");
  private static final Pattern PID_OF_AUDIT = Pattern.compile("^type=SYSCALL .* pid=(\\d+)");
  private static final Pattern PID_OF_BPFTRACE = Pattern.compile("^(\\d+) ");

  @Override
  public String name() {
    return "latency";
  }

  @Override
  public String summary() {
    return "from a load to its line in a file, beside auditd and bpftrace (12 min)";
  }

  /** Lists the measured tools, in the order of the files given to kwbench. */
  private enum Tool {
    KMODWATCH("Kmodwatch, TRC-1017"),
    AUDITD("auditd"),
    BPFTRACE("bpftrace");

    private final String title;

    Tool(String title) {
      this.title = title;
    }

    /** Returns the loader's process id if the line reports a load. */
    Optional<Long> pid(String line) {
      return switch (this) {
        case KMODWATCH ->
            line.contains("\"ID\":\"TRC-1017\"") ? number(PID_OF_FINDING, line) : Optional.empty();
        case AUDITD -> number(PID_OF_AUDIT, line);
        case BPFTRACE -> number(PID_OF_BPFTRACE, line);
      };
    }
  }

  @Override
  public Figures measure(Workplace workplace) throws IOException, InterruptedException {
    var figures = new Figures.Builder();
    LabRun run =
        Guests.script(Guests.KERNEL, "latency.sh", Map.of("LOADS", LOADS, "MILLIS", MILLIS))
            .withFile(Guests.peer(workplace, "auditd"))
            .withFile(Guests.peer(workplace, "bpftrace"))
            .withFile(Lab.testModule(Guests.KERNEL, "kw_plain"));
    add(figures, "one processor", Guests.run(workplace, "latency-1", run.withInstructionClock()));
    add(
        figures,
        "two processors",
        Guests.run(workplace, "latency-2", run.withAccelerator(Accelerator.MTTCG)));
    return figures.build();
  }

  private static void add(Figures.Builder figures, String machine, LabResult result)
      throws IOException {
    Map<Long, Long> entered = entered(result);
    var hookToLine = new HashMap<Long, Long>();
    var entryToLine = new EnumMap<Tool, Map<Long, Long>>(Tool.class);
    for (String stamp : Guests.lines(result, "stamps")) {
      String[] words = stamp.split(" ", 3);
      long time = Long.parseLong(words[0]);
      Tool tool = Tool.values()[Integer.parseInt(words[1])];
      Long pid = tool.pid(words[2]).orElse(null);
      Long since = pid == null ? null : entered.get(pid);
      if (pid == null || since == null) {
        continue;
      }
      Map<Long, Long> times = entryToLine.computeIfAbsent(tool, unknown -> new HashMap<>());
      // The first line of a load counts: auditd writes several per load.
      if (times.putIfAbsent(pid, time - since) == null && tool == Tool.KMODWATCH) {
        number(TIME_OF_FINDING, words[2]).ifPresent(hook -> hookToLine.put(pid, time - hook));
      }
    }
    for (Tool tool : Tool.values()) {
      int count = spread(tool, entryToLine).count();
      if (count != LOADS) {
        throw new BenchException(
            "%s has lines of %d of %d loads; see %s"
                .formatted(tool.title, count, LOADS, result.out()));
      }
    }
    Spread ours = spread(Tool.KMODWATCH, entryToLine);
    Spread auditd = spread(Tool.AUDITD, entryToLine);
    Spread bpftrace = spread(Tool.BPFTRACE, entryToLine);
    figures.add(
        "Kmodwatch, from the hook to the line, " + machine,
        text(Spread.of("hook", hookToLine.values())));
    figures.add(
        "Kmodwatch, from the call to the line, " + machine,
        text(ours),
        "ahead of auditd at p50 and p99",
        ours.median() < auditd.median() && ours.percentile(99) < auditd.percentile(99));
    figures.add("auditd, the same", text(auditd));
    figures.add("bpftrace, the same", text(bpftrace));
  }

  private static Spread spread(Tool tool, Map<Tool, Map<Long, Long>> times) {
    return Spread.of(tool.title, times.getOrDefault(tool, Map.of()).values());
  }

  /** Returns when each loader entered the call, by its process id. */
  private static Map<Long, Long> entered(LabResult result) throws IOException {
    var entered = new HashMap<Long, Long>();
    List<String> lines = Guests.lines(result, "loads");
    for (String line : lines) {
      String[] words = line.split(" ", -1);
      entered.put(Long.valueOf(words[0]), Long.valueOf(words[1]));
    }
    if (entered.size() != LOADS) {
      throw new BenchException(
          "%d of %d loads were made; see %s".formatted(lines.size(), LOADS, result.out()));
    }
    return entered;
  }

  private static Optional<Long> number(Pattern pattern, String line) {
    Matcher matcher = pattern.matcher(line);
    return matcher.find() ? Optional.of(Long.valueOf(matcher.group(1))) : Optional.empty();
  }

  private static String text(Spread nanos) {
    return "p50 %.2f ms, p99 %.2f ms, max %.2f ms"
        .formatted(nanos.median() / 1e6, nanos.percentile(99) / 1e6, nanos.max() / 1e6);
  }
}
