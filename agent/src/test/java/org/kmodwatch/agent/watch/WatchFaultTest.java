package org.kmodwatch.agent.watch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.kmodwatch.core.testing.EventBuilder.event;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kmodwatch.agent.Cli;
import org.kmodwatch.agent.build.QuietSensor;
import org.kmodwatch.agent.doctor.FakeRoot;
import org.kmodwatch.agent.output.Catalogue;
import org.kmodwatch.agent.output.Notice;
import org.kmodwatch.agent.output.Output;
import org.kmodwatch.agent.output.OutputQueue;
import org.kmodwatch.agent.policy.Policy;
import org.kmodwatch.agent.settings.WatchSettings;
import org.kmodwatch.agent.shell.Shell;
import org.kmodwatch.agent.sink.SinkContext;
import org.kmodwatch.agent.sink.Sinks;
import org.kmodwatch.agent.state.ReportJournal;
import org.kmodwatch.core.builtin.EventsLost;
import org.kmodwatch.core.builtin.KernelModuleLoading;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.load.Identity;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.signature.Finding;
import org.kmodwatch.core.signature.Signature;
import org.kmodwatch.sensor.SensorOptions;

/** Events that something in the agent cannot handle. */
class WatchFaultTest {

  private static final Event POISON = load(7);
  private static final Event GOOD = load(8);

  @TempDir Path folder;
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private final Told told = new Told();

  @BeforeEach
  void machine() throws IOException {
    FakeRoot.healthyIn(folder);
  }

  @Test
  void eventThatAnOutputFailsAt_endsNothing_andIsAFinding() throws IOException {
    told.failingEvent = new StackOverflowError();

    run(null);

    assertThat(told.loads).containsExactly("load 7", "load 8");
    assertThat(told.findings).contains("TRC-1017 of 8", "KMW-1011 of 0");
    assertThat(errLines())
        .contains(
            "passed over: init_module of attempt %s, by insmod[7]: java.lang.StackOverflowError (a fault of kmodwatch)"
                .formatted(Identity.recordId(POISON)));
  }

  @Test
  void findingThatAnOutputFailsAt_costsItsRecordNothing() throws IOException {
    told.failingFinding = new StackOverflowError();

    run(null);

    assertThat(told.loads).containsExactly("load 7", "load 8");
    assertThat(told.findingsOfLoads.getFirst()).containsExactly("TRC-1017");
    assertThat(told.findings).contains("TRC-1017 of 8", "KMW-1011 of 0");
  }

  @Test
  void recordThatAnOutputFailsAt_endsNothing_andIsAFinding() throws IOException {
    told.failingLoad = new IllegalStateException("no such place");

    run(null);

    assertThat(told.loads).containsExactly("load 8");
    assertThat(told.findings).contains("TRC-1017 of 7", "TRC-1017 of 8", "KMW-1011 of 0");
    assertThat(errLines())
        .contains(
            "passed over: init_module of attempt %s, by insmod[7]: java.lang.IllegalStateException: no such place (a fault of kmodwatch)"
                .formatted(Identity.recordId(POISON)));
  }

  @Test
  void eventThatTookAllMemory_endsOneRun_andNoOther() throws IOException {
    told.failingEvent = new OutOfMemoryError("Java heap space");

    assertThatThrownBy(this::runWithState).hasRootCauseInstanceOf(OutOfMemoryError.class);
    assertThat(told.loads).isEmpty();
    for (int start = 0; start < 3; start++) {
      told.clear();
      runWithState();
      assertThat(told.loads).containsExactly("load 8");
      assertThat(told.findings).contains("KMW-1011 of 0");
    }
    assertThat(errLines())
        .contains(
            "passed over: init_module of attempt %s, by insmod[7]: an agent ended at this attempt"
                .formatted(Identity.recordId(POISON)));
  }

  @Test
  void recordThatTookAllMemory_endsOneRun_andNoOther() throws IOException {
    told.failingLoad = new OutOfMemoryError("Java heap space");

    assertThatThrownBy(this::runWithState).hasRootCauseInstanceOf(OutOfMemoryError.class);
    told.clear();
    runWithState();

    assertThat(told.loads).containsExactly("load 8");
    assertThat(told.findings).contains("KMW-1011 of 0");
  }

  @Test
  void fileOfAttemptsThatEndedAnAgent_isReadAsFarAsItIsOne() throws IOException {
    Path state = Files.createDirectories(folder.resolve("state"));
    Files.writeString(
        state.resolve("fatal"),
        "\0nonsense\n" + Identity.recordId(POISON) + "\n" + Identity.recordId(GOOD));

    runWithState();

    assertThat(told.loads)
        .as("of a line without its end nothing is known")
        .containsExactly("load 8");
  }

  @Test
  void fileOfAttempts_thatCannotBeRead_isSaid_andEndsNothing() throws IOException {
    Files.createDirectories(folder.resolve("state/fatal"));

    runWithState();

    assertThat(told.loads).containsExactly("load 7", "load 8");
    assertThat(errLines())
        .anyMatch(line -> line.startsWith("state: cannot note at which attempt this agent ends"));
  }

  private static Event load(int pid) {
    return event("init_module")
        .by("insmod", pid, 0)
        .at(1_795_377_600_000_000_000L + pid)
        .with("len", 1)
        .build();
  }

  private void runWithState() throws IOException {
    try (ReportJournal journal =
        ReportJournal.open(folder.resolve("state"), notes(), System::nanoTime)) {
      run(journal);
    } catch (OutOfMemoryError e) {
      // JUnit takes one for its own, and ends.
      throw new IllegalStateException("the run ended", e);
    }
  }

  private void run(@Nullable ReportJournal journal) throws IOException {
    Shell shell = new Cli().withRoot(folder).shell(err);
    List<Signature> signatures = List.of(new KernelModuleLoading(), new EventsLost());
    var context =
        new SinkContext("0", "host1", Catalogue.of(signatures), shell::note, refusal -> {});
    var source = new TwoLoads();
    try (Sinks none = Sinks.open(List.of(), context, OutputStream.nullOutputStream());
        var outputs =
            new RunOutputs(
                told,
                OutputQueue.named("standard output", OutputQueue.MAX_BYTES, shell::note),
                null,
                null,
                none)) {
      var run =
          new WatchRun(
              options -> source,
              SensorOptions.DEFAULT,
              signatures,
              outputs,
              journal,
              null,
              new WatchSettings.Changeable(
                  List.of(), Policy.none(), Duration.ofMinutes(10), Duration.ofSeconds(10)),
              null,
              shell,
              () -> Instant.parse("2026-11-22T20:00:00Z"),
              System::nanoTime);
      source.afterPoll = run::stop;
      run.run();
    }
  }

  private Consumer<String> notes() {
    return new Cli().shell(err)::note;
  }

  private List<String> errLines() {
    return err.toString(StandardCharsets.UTF_8).lines().toList();
  }

  /** Keeps what it is given, and fails at the event, or the record, of process 7. */
  private static final class Told implements Output {
    private final List<String> findings = new ArrayList<>();
    private final List<String> loads = new ArrayList<>();
    private final List<List<String>> findingsOfLoads = new ArrayList<>();
    private @Nullable Throwable failingFinding;
    private @Nullable Throwable failingEvent;
    private @Nullable Throwable failingLoad;

    void clear() {
      findings.clear();
      loads.clear();
    }

    @Override
    public void accept(Notice notice) {
      switch (notice) {
        case Notice.OfFinding(Finding finding) -> {
          int pid = finding.event().process().hostProcessId();
          fail(pid, failingFinding);
          findings.add(finding.metadata().id() + " of " + pid);
        }
        case Notice.OfEvent(Event event) -> fail(event.process().hostProcessId(), failingEvent);
        case Notice.OfLoad(LoadRecord load) -> {
          int pid = load.loader() == null ? 0 : load.loader().hostPid();
          fail(pid, failingLoad);
          loads.add("load " + pid);
          findingsOfLoads.add(load.findings());
        }
        case Notice.OfAlert _ -> {}
      }
    }

    private static void fail(int pid, @Nullable Throwable failure) {
      if (pid == 7) {
        switch (failure) {
          case null -> {}
          case Error error -> throw error;
          case RuntimeException exception -> throw exception;
          default -> throw new IllegalStateException(failure);
        }
      }
    }

    @Override
    public void flush() {}
  }

  /** Two loads, and the end. */
  private static final class TwoLoads extends QuietSensor {
    private Runnable afterPoll = () -> {};
    private boolean polled;

    @Override
    public int poll(Duration timeout, Consumer<Event> sink) {
      if (polled) {
        afterPoll.run();
        return 0;
      }
      polled = true;
      List.of(POISON, GOOD).forEach(sink);
      return 2;
    }
  }
}
