package org.kmodwatch.bench;

import java.util.Collection;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/**
 * Measures how many decoded events per second the engine processes, and how many bytes it allocates
 * per event.
 */
final class EngineRate implements Measurement {

  private static final double TARGET_EVENTS = 40e6;

  /**
   * Allows for the harness's own allocation per event, in bytes: it allocates a little each second.
   */
  private static final double NOISE_BYTES = 0.001;

  @Override
  public String name() {
    return "engine";
  }

  @Override
  public String summary() {
    return "events a second through the engine, and bytes allocated for each; half a minute";
  }

  @Override
  public Figures measure(Workplace workplace) throws RunnerException {
    double fresh = rate(run(workplace, "mixedFresh"));
    double quick = rate(run(workplace, "mixedFresh", "-XX:TieredStopAtLevel=1"));
    double known = rate(run(workplace, "mixed"));
    RunResult unselected = run(workplace, "unselected");
    Result<?> allocated = unselected.getSecondaryResults().get("gc.alloc.rate.norm");
    if (allocated == null) {
      throw new BenchException("JMH did not say what was allocated");
    }
    double bytes = allocated.getScore();
    return new Figures.Builder()
        .add(
            "decoded events a second, 1 % of them selected by TRC-1017 and found",
            millions(fresh), "40 million", fresh >= TARGET_EVENTS)
        .add("the same, compiled by C1 alone, as `watch` runs", millions(quick))
        .add(
            "the same events again and again, so that their names' hashes are known",
            millions(known))
        .add("the same of events that nobody selected", millions(rate(unselected)))
        .add(
            "allocated for an event that nobody selected",
            "%.4f B".formatted(bytes),
            "0 B (less than %.3f)".formatted(NOISE_BYTES),
            bytes < NOISE_BYTES)
        .build();
  }

  private static double rate(RunResult result) {
    return result.getPrimaryResult().getScore();
  }

  private static String millions(double rate) {
    return "%.1f million".formatted(rate / 1e6);
  }

  private static RunResult run(Workplace workplace, String method, String... jvmArgs)
      throws RunnerException {
    workplace.say("engine: " + method);
    Options options =
        new OptionsBuilder()
            .include("^" + EngineBenchmark.class.getName() + "." + method + "$")
            .addProfiler(GCProfiler.class)
            .threads(1)
            .jvmArgsAppend(jvmArgs)
            .output(workplace.folder().resolve("engine-" + method + ".log").toString())
            .build();
    Collection<RunResult> results = new Runner(options).run();
    if (results.size() != 1) {
      throw new BenchException("JMH gave no result; its log is in " + workplace.folder());
    }
    return results.iterator().next();
  }
}
