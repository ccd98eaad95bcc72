package org.kmodwatch.agent.watch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.kmodwatch.core.testing.EventBuilder.event;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.kmodwatch.agent.Cli;
import org.kmodwatch.agent.Main;
import org.kmodwatch.agent.MainTest;
import org.kmodwatch.agent.build.QuietSensor;
import org.kmodwatch.agent.doctor.FakeRoot;
import org.kmodwatch.agent.format.FormatName;
import org.kmodwatch.agent.output.Catalogue;
import org.kmodwatch.agent.output.JsonOutputs;
import org.kmodwatch.agent.output.OutputQueue;
import org.kmodwatch.agent.output.ReaderGoneException;
import org.kmodwatch.agent.policy.Policy;
import org.kmodwatch.agent.settings.WatchSettings;
import org.kmodwatch.agent.shell.CommandException;
import org.kmodwatch.agent.shell.Shell;
import org.kmodwatch.agent.shell.StandardOutput;
import org.kmodwatch.agent.sink.HistoryTarget;
import org.kmodwatch.agent.sink.SinkContext;
import org.kmodwatch.agent.sink.SinkFilter;
import org.kmodwatch.agent.sink.SinkSettings;
import org.kmodwatch.agent.sink.Sinks;
import org.kmodwatch.agent.sink.SpooledSink;
import org.kmodwatch.agent.sink.WebhookTarget;
import org.kmodwatch.agent.state.KnownModules;
import org.kmodwatch.agent.state.ReportJournal;
import org.kmodwatch.core.builtin.HiddenModule;
import org.kmodwatch.core.builtin.KernelModuleLoading;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.signature.Signature;
import org.kmodwatch.sensor.ClockStep;
import org.kmodwatch.sensor.Hook;
import org.kmodwatch.sensor.HookStatus;
import org.kmodwatch.sensor.LoadedModule;
import org.kmodwatch.sensor.LoadedModules;
import org.kmodwatch.sensor.Sensor;
import org.kmodwatch.sensor.SensorException;
import org.kmodwatch.sensor.SensorFault;
import org.kmodwatch.sensor.SensorOptions;
import org.kmodwatch.sensor.SensorStatistics;
import picocli.CommandLine;

class WatchTest {

  @TempDir Path folder;
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private @Nullable KnownModules known;
  private @Nullable ReportJournal journal;

  @Test
  void recording_isForNobodyElse() throws IOException {
    FakeRoot.healthyIn(folder);
    Path recording = folder.resolve("recording");
    try (Recorder recorder = Recorder.open(recording, notes())) {
      run(recorder, new FakeSource());
    }

    try (Stream<Path> files = Files.list(recording)) {
      assertThat(files)
          .hasSizeGreaterThanOrEqualTo(4)
          .allSatisfy(
              file ->
                  assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                      .as("%s", file)
                      .isEqualTo("rw-------"));
    }
  }

  @Test
  void run_handsOnWhatIsPolledAndWhatIsDrained_andSaysSo() throws IOException {
    FakeRoot.healthyIn(folder);
    Path recording = folder.resolve("recording");
    try (Recorder recorder = Recorder.open(recording, notes())) {
      run(recorder, new FakeSource());
    }
    assertThat(errLines())
        .containsExactly(
            "armed: 1 of 2 hooks, kernel 6.12.117, engine 1 signature",
            "without "
                + Hook.MODULE_FREE.target()
                + ": "
                + Hook.MODULE_FREE.lostWithout()
                + " (attach: EBUSY)",
            "0 modules were loaded before",
            "lost 3: lane attempts: no room in the ring (1 since the start); no work space in the"
                + " kernel (1 since the start); not understood (1 since the start)",
            "3 events, 2 loads, 1 finding, held back 4, lost 3");
    assertThat(Files.readAllLines(recording.resolve("events.ndjson")))
        .hasSize(3)
        .last()
        .asString()
        .contains("\"eventName\":\"events_lost\"", "\"value\":3}");
    assertThat(Files.readAllLines(recording.resolve("findings.ndjson"))).hasSize(1);
    assertThat(Files.readString(recording.resolve("ledger.json")))
        .isEqualTo(
            """
            {
              "schema" : "kmodwatch.ledger/1",
              "time" : "2026-11-22T20:00:00Z",
              "complete" : true,
              "sensor" : {
                "seen" : 12,
                "delivered" : 4,
                "suppressed" : 4,
                "lost" : 3,
                "pending" : 1,
                "lostByReason" : {
                  "ringFull" : 1,
                  "noWorkSpace" : 1,
                  "malformed" : 1,
                  "missing" : 0,
                  "unread" : 0
                },
                "lanes" : {
                  "attempts" : {
                    "seen" : 8,
                    "delivered" : 1,
                    "suppressed" : 4,
                    "lost" : 2,
                    "pending" : 1,
                    "gaps" : 1
                  },
                  "loads" : {
                    "seen" : 3,
                    "delivered" : 3,
                    "suppressed" : 0,
                    "lost" : 0,
                    "pending" : 0,
                    "gaps" : 0
                  }
                },
                "unlisted" : 0,
                "crowdedOut" : 0,
                "missedByHook" : {
                  "fexit/do_init_module" : 2
                },
                "images" : {
                  "seen" : 7,
                  "incomplete" : 2,
                  "expired" : 0,
                  "malformedChunks" : 0
                }
              },
              "engine" : {
                "events" : 5,
                "eventsByName" : {
                  "events_lost" : 1,
                  "init_module" : 1,
                  "kernel_module" : 2,
                  "module_load" : 1
                },
                "signatures" : [
                  {
                    "id" : "TRC-1017",
                    "received" : 1,
                    "findings" : 1,
                    "malformed" : 0,
                    "failures" : 0
                  }
                ]
              },
              "loads" : {
                "attempts" : 2,
                "records" : {
                  "loaded" : 2,
                  "refused" : 0,
                  "failed" : 0,
                  "unloaded" : 0,
                  "unknown" : 0
                },
                "corrected" : 0,
                "open" : 0,
                "held" : 0,
                "evicted" : 0,
                "forgotten" : 0,
                "summaries" : 0,
                "summarised" : 0,
                "preExisting" : 0,
                "notLookedFor" : 0,
                "requests" : {
                  "seen" : 0,
                  "refused" : 0,
                  "withAttempt" : 0,
                  "withoutLoad" : 0,
                  "pending" : 0,
                  "records" : 0,
                  "summarised" : 0
                },
                "events" : {
                  "seen" : 3,
                  "joined" : 2,
                  "requests" : 0,
                  "lateReturns" : 0,
                  "late" : 0,
                  "duplicates" : 0,
                  "outsideCalls" : 0,
                  "unrelated" : 1
                }
              },
              "sinks" : [ ],
              "outputs" : [
                {
                  "name" : "standard output",
                  "taken" : 1,
                  "written" : 1,
                  "lost" : 0,
                  "lostByReason" : {
                    "queueFull" : 0,
                    "readerGone" : 0,
                    "ended" : 0
                  },
                  "pending" : 0
                },
                {
                  "name" : "record",
                  "taken" : 6,
                  "written" : 6,
                  "lost" : 0,
                  "lostByReason" : {
                    "queueFull" : 0,
                    "readerGone" : 0,
                    "ended" : 0
                  },
                  "pending" : 0
                }
              ],
              "alerts" : {
                "raised" : 1,
                "told" : 1,
                "policy" : {
                  "unmatched" : 0,
                  "rules" : [ ]
                }
              }
            }
            """);
  }

  @Test
  void whatAWebhookDoesNotTake_isInTheSpool_andInTheLedger() throws IOException {
    FakeRoot.healthyIn(folder);
    Path recording = folder.resolve("recording");
    try (Recorder recorder = Recorder.open(recording, notes());
        Sinks sinks =
            Sinks.open(
                List.of(
                    new SinkSettings(
                        "webhook",
                        WebhookTarget.of("--webhook", "http://127.0.0.1:1/s3cret", null),
                        FormatName.KMODWATCH,
                        SinkFilter.FINDINGS_AND_LOADS,
                        folder.resolve("spool"),
                        SpooledSink.MIN_SPOOL_BYTES)),
                context(),
                OutputStream.nullOutputStream())) {
      run(recorder, sinks, new FakeSource(), new Cli());
    }
    assertThat(errLines())
        .contains(
            "webhook: cannot send to http://127.0.0.1:1, kept until it can: cannot connect",
            "webhook: delivered 0, refused 0, dropped or lost 0, waiting 3");
    assertThat(Files.readString(recording.resolve("ledger.json")))
        .contains("\"name\" : \"webhook\"", "\"taken\" : 3", "\"spooled\" : 3", "\"pending\" : 3");
  }

  @Test
  void history_hasTheLoads_ofOneRunAfterTheOther() throws Exception {
    Path history = folder.resolve("history");
    var target = new HistoryTarget(history, 8 << 20, Duration.ofDays(3650));
    for (int run = 0; run < 2; run++) {
      try (Recorder recorder = Recorder.open(folder.resolve("recording" + run), notes());
          Sinks sinks =
              Sinks.open(
                  List.of(
                      new SinkSettings(
                          "history",
                          target,
                          FormatName.LOADS,
                          SinkFilter.LOADS,
                          folder.resolve("spool"),
                          SpooledSink.MIN_SPOOL_BYTES)),
                  context(),
                  OutputStream.nullOutputStream())) {
        run(recorder, sinks, new FakeSource(), new Cli());
      }
    }
    // Both attempts of the source have one id, so that they are one.
    String first = Files.readAllLines(folder.resolve("recording0/loads.ndjson")).getFirst();
    assertThat(new Cli().run("history", "--history", history.toString()).outLines())
        .containsExactly(first);
    assertThat(errLines())
        .contains("history: delivered 2, refused 0, dropped or lost 0, waiting 0");
  }

  @Test
  void modulesFromBefore_areRecordedFirst_andOnce() throws IOException {
    FakeRoot.healthyIn(folder)
        .with("proc/modules", "ext4 1 0 - Live 0x0\ndummy 1 0 - Live 0x0\nslow 1 1 - Loading 0x0\n")
        .with("sys/module/ext4/initstate", "live\n")
        .with("sys/module/dummy/initstate", "live\n");
    var source = new FakeSource();
    source.polls = List.of(List.of(event("module_load").with("name", "dummy").build()));
    Path recording = folder.resolve("recording");
    try (Recorder recorder = Recorder.open(recording, notes())) {
      run(recorder, source);
    }
    assertThat(errLines()).contains("1 module was loaded before");
    List<String> loads = Files.readAllLines(recording.resolve("loads.ndjson"));
    assertThat(loads).hasSizeGreaterThan(1);
    assertThat(loads.getFirst())
        .contains("\"name\":\"ext4\"", "\"preExisting\":true", "loaded before Kmodwatch started");
    assertThat(loads.stream().skip(1)).noneMatch(line -> line.contains("preExisting"));
    assertThat(Files.readString(recording.resolve("ledger.json"))).contains("\"preExisting\" : 1");
    assertThat(Files.readAllLines(recording.resolve("events.ndjson")))
        .as("those that came, and that of the loss")
        .hasSize(3);
  }

  @Test
  void moduleThatWasJustBeingLoaded_isRecorded_ifItIsLoadedAndNobodySeesItComeIn()
      throws IOException {
    FakeRoot root = FakeRoot.healthyIn(folder).with("proc/modules", "slow 1 1 - Loading 0x0\n");
    var source = new FakeSource();
    source.polls = List.of(List.of(), List.of(), List.of(), List.of());
    source.step = Inventory.PATIENCE;
    source.beforePoll = Map.of(2, () -> root.with("proc/modules", "slow 1 0 - Live 0x0\n"));
    Path recording = folder.resolve("recording");
    try (Recorder recorder = Recorder.open(recording, notes())) {
      run(recorder, source);
    }
    assertThat(errLines()).contains("0 modules were loaded before");
    assertThat(Files.readString(recording.resolve("loads.ndjson")))
        .contains("\"name\":\"slow\"", "\"preExisting\":true");
  }

  @Test
  void moduleThatIsInNoRecord_isRecorded_whenPinnedProgramsAreTakenOver() throws IOException {
    threeModules();
    known = kept("ext4");
    var source = resumed();
    Path recording = folder.resolve("recording");
    try (Recorder recorder = Recorder.open(recording, notes())) {
      run(recorder, source);
    }
    assertThat(Files.readAllLines(recording.resolve("loads.ndjson")))
        .filteredOn(line -> line.contains("\"preExisting\":true"))
        .singleElement()
        .asString()
        .contains(
            "\"name\":\"unseen\"",
            "in no record: loaded while nothing watched, or what was seen of it was lost");
    assertThat(errLines())
        .contains("1 module is loaded, and may be in no record: recorded as preExisting");
    assertThat(known.has("unseen")).isTrue();
  }

  @Test
  void everyModuleIsRecorded_whenSomethingWasDoneToTheProgramsThatAreTakenOver()
      throws IOException {
    threeModules();
    known = kept("ext4");
    var source = resumed();
    source.startFaults = List.of(new SensorFault("rings", "somebody moved the reader on"));
    Path recording = folder.resolve("recording");
    try (Recorder recorder = Recorder.open(recording, notes())) {
      run(recorder, source);
    }
    assertThat(Files.readAllLines(recording.resolve("loads.ndjson")))
        .filteredOn(line -> line.contains("\"preExisting\":true"))
        .satisfiesExactlyInAnyOrder(
            ext4 ->
                assertThat(ext4)
                    .contains(
                        "\"name\":\"ext4\"",
                        "may have been told before: another of its name may have come in")
                    .doesNotContain("in no record"),
            unseen ->
                assertThat(unseen)
                    .contains("\"name\":\"unseen\"", "in no record: loaded while nothing watched")
                    .doesNotContain("may have been told before"));
    assertThat(Files.readString(recording.resolve("events.ndjson")))
        .contains("\"eventName\":\"sensor_blind\"", "somebody moved the reader on")
        .contains("\"eventName\":\"sensor_recovered\"");
    assertThat(known.has("ext4")).isTrue();
  }

  @Test
  void everyModuleIsRecorded_andMayHaveBeenToldBefore_whenTheStateDoesNotSayWhatWasRecorded()
      throws IOException {
    threeModules();
    known = KnownModules.open(folder.resolve("gone"), "boot-1", shellNote -> {});
    Path recording = folder.resolve("recording");
    try (Recorder recorder = Recorder.open(recording, notes())) {
      run(recorder, resumed());
    }
    assertThat(Files.readAllLines(recording.resolve("loads.ndjson")))
        .filteredOn(line -> line.contains("\"preExisting\":true"))
        .hasSize(2)
        .allMatch(line -> line.contains("may have been told before: what was told is not known"))
        .noneMatch(line -> line.contains("in no record"));
  }

  @Test
  void modulesFromBefore_mayHaveBeenToldBefore_whenAllPinsAreGone() throws IOException {
    threeModules();
    known = kept("ext4");
    var source = new FakeSource();
    source.polls = List.of(List.of());
    Path recording = folder.resolve("recording");
    try (Recorder recorder = Recorder.open(recording, notes())) {
      run(recorder, source);
    }
    assertThat(Files.readAllLines(recording.resolve("loads.ndjson")))
        .filteredOn(line -> line.contains("\"preExisting\":true"))
        .hasSize(3)
        .filteredOn(line -> line.contains("may have been told before: another of its name"))
        .singleElement()
        .asString()
        .contains("\"name\":\"ext4\"");
  }

  @Test
  void moduleWithoutARecord_mayHaveBeenToldBefore_whenTheStateHasHoles() throws IOException {
    threeModules();
    known = kept("ext4");
    Path state = Files.createDirectories(folder.resolve("state"));
    Files.writeString(state.resolve("reported"), "kmodwatch-reported/1 holes\n");
    journal = ReportJournal.open(state, notes(), System::nanoTime);
    Path recording = folder.resolve("recording");
    try (Recorder recorder = Recorder.open(recording, notes())) {
      run(recorder, resumed());
    }
    journal.close();
    assertThat(Files.readAllLines(recording.resolve("loads.ndjson")))
        .filteredOn(line -> line.contains("\"preExisting\":true"))
        .singleElement()
        .asString()
        .contains("\"name\":\"unseen\"", "may have been told before: what was told is not known")
        .doesNotContain("in no record");
  }

  @Test
  void recordFromBeforeTheStart_mayHaveBeenTold_howeverTheClockWasSet() throws IOException {
    Path state = Files.createDirectories(folder.resolve("state"));
    Files.writeString(state.resolve("reported"), "kmodwatch-reported/1 holes\n");
    journal = ReportJournal.open(state, notes(), System::nanoTime);
    long hour = 3_600_000_000_000L;
    var source = resumed();
    source.polls =
        List.of(
            List.of(
                setAt("init_module", 1, source.now, hour, hour / 2),
                setAt("init_module", 2, source.now, -hour, -hour / 2)));
    Path recording = folder.resolve("recording");
    try (Recorder recorder = Recorder.open(recording, notes())) {
      run(recorder, source);
    }
    journal.close();

    assertThat(Files.readAllLines(recording.resolve("loads.ndjson")))
        .filteredOn(line -> line.contains("may have been told before"))
        .singleElement()
        .asString()
        .contains("\"hostPid\":1,");
  }

  @Test
  void recordThatReplacesAnother_isTold_whenTheAgentWasKilledInBetween() throws IOException {
    List<String> killed = loadsOf("killed", List.of(List.of(slowLoad()), List.of()), true);
    assertThat(killed)
        .singleElement()
        .asString()
        .contains("\"outcome\":\"loaded\"", "the call had not returned");

    List<String> next = loadsOf("next", List.of(List.of(slowLoad()), List.of(slowReturn())), true);
    assertThat(next)
        .as("what was told is not told again")
        .singleElement()
        .asString()
        .contains(
            "\"outcome\":\"failed\",\"returnValue\":-19,\"errno\":\"ENODEV\"",
            "{\"field\":\"id\",\"why\":\"replaces a record of this id: the call had not"
                + " returned by then\"}")
        .doesNotContain("told before");
  }

  @Test
  void recordThatReplacesAnother_saysSo_whenItsCallReturnedWhileNobodyWatched() throws IOException {
    assertThat(loadsOf("killed", List.of(List.of(slowLoad()), List.of()), true)).hasSize(1);

    assertThat(loadsOf("next", List.of(List.of(slowLoad(), slowReturn()), List.of()), false))
        .singleElement()
        .asString()
        .contains("\"errno\":\"ENODEV\"", "replaces a record of this id");
  }

  private static Event slowLoad() {
    long entry = Inventory.nanos(Instant.parse("2026-11-22T20:00:00Z"));
    return event("module_load").at(entry).inCall(entry, 0).with("name", "x").build();
  }

  private static Event slowReturn() {
    long entry = Inventory.nanos(Instant.parse("2026-11-22T20:00:00Z"));
    return event("init_module")
        .at(entry)
        .inCall(entry, entry + 8_000_000_000L)
        .returned(-19L)
        .build();
  }

  /**
   * The loads that an agent tells of what is in the pinned rings.
   *
   * @param kill whether it is ended before its last poll has come to its end
   */
  private List<String> loadsOf(String name, List<List<Event>> polls, boolean kill)
      throws IOException {
    FakeRoot.healthyIn(folder);
    journal = ReportJournal.open(folder.resolve("state"), notes(), System::nanoTime);
    var source = resumed();
    source.step = Duration.ofSeconds(6);
    source.polls = Stream.concat(polls.stream(), Stream.of(List.<Event>of())).toList();
    source.beforePoll =
        kill
            ? Map.of(
                polls.size(),
                () -> {
                  throw new IllegalStateException("killed");
                })
            : Map.of();
    try (Recorder recorder = Recorder.open(folder.resolve(name), notes())) {
      run(recorder, source);
    } catch (IllegalStateException killed) {
      assertThat(killed).hasMessage("killed");
    }
    journal.close();
    return Files.readAllLines(folder.resolve(name).resolve("loads.ndjson")).stream()
        .filter(line -> line.contains("\"name\":\"x\""))
        .toList();
  }

  /** A call that the clock puts at a time which it is not, since it was set in between. */
  private static Event setAt(
      String name, int pid, Instant start, long aheadNanos, long laterNanos) {
    return event(name)
        .by("insmod", pid, 0)
        .at(Inventory.nanos(start) + laterNanos)
        .whileTheClockIsAheadBy(aheadNanos)
        .with("len", 1)
        .build();
  }

  /** What an earlier agent wrote down. */
  private KnownModules kept(String name) {
    KnownModules before = KnownModules.open(folder, "boot-1", shellNote -> {});
    before.add(name);
    before.keep();
    return KnownModules.open(folder, "boot-1", shellNote -> {});
  }

  private void threeModules() {
    FakeRoot.healthyIn(folder)
        .with("proc/modules", "ext4 1 0 - Live 0x0\ndummy 1 0 - Live 0x0\nunseen 1 0 - Live 0x0\n")
        .with("sys/module/ext4/initstate", "live\n")
        .with("sys/module/dummy/initstate", "live\n")
        .with("sys/module/unseen/initstate", "live\n");
  }

  /** One that sees dummy come in. */
  private static FakeSource resumed() {
    var source = new FakeSource();
    source.resumed = true;
    source.polls =
        List.of(List.of(event("module_load").with("name", "dummy").build()), List.of(), List.of());
    source.step = Inventory.PATIENCE;
    return source;
  }

  @Test
  void moduleThatWasJustBeingLoaded_isLeftToTheSensor_howeverLongItTakes() throws IOException {
    FakeRoot root = FakeRoot.healthyIn(folder).with("proc/modules", "slow 1 1 - Loading 0x0\n");
    var source = new FakeSource();
    Event failed = event("finit_module").with("fd", 3).returned(-19L).build();
    source.polls = List.of(List.of(), List.of(), List.of(), List.of(failed), List.of(), List.of());
    source.step = Inventory.PATIENCE;
    source.beforePoll = Map.of(3, () -> root.with("proc/modules", ""));
    Path recording = folder.resolve("recording");
    try (Recorder recorder = Recorder.open(recording, notes())) {
      run(recorder, source);
    }
    assertThat(Files.readString(recording.resolve("loads.ndjson")))
        .contains("\"outcome\":\"failed\"")
        .doesNotContain("preExisting");
  }

  @Test
  void moduleThatIsBeingLoadedForTooLong_isRecorded() throws IOException {
    FakeRoot.healthyIn(folder).with("proc/modules", "hung 1 1 - Loading 0x0\n");
    var source = new FakeSource();
    source.polls = List.of(List.of(), List.of(), List.of(), List.of());
    source.step = Inventory.LIMIT.dividedBy(3);
    Path recording = folder.resolve("recording");
    try (Recorder recorder = Recorder.open(recording, notes())) {
      run(recorder, source);
    }
    assertThat(Files.readString(recording.resolve("loads.ndjson")))
        .containsOnlyOnce("\"name\":\"hung\"")
        .contains("\"preExisting\":true");
  }

  @Test
  void moduleThatHides_isAnEventAndAFinding_afterTwoLooks() throws IOException {
    FakeRoot.healthyIn(folder).with("sys/module/ext4/parameters/x", "1\n");
    var source = new FakeSource();
    source.polls =
        List.of(
            List.of(
                event("module_load").with("name", "evil").build(),
                event("finit_module").with("fd", 3).build()),
            List.of(),
            List.of(),
            List.of());
    source.step = Duration.ofSeconds(2);
    source.modules = List.of(evil());
    Path recording = folder.resolve("recording");
    try (Recorder recorder = Recorder.open(recording, notes())) {
      run(recorder, source);
    }
    assertThat(Files.readString(recording.resolve("events.ndjson")))
        .contains(
            "\"eventName\":\"module_hidden\"",
            "{\"name\":\"missingFrom\",\"type\":\"[]string\",\"value\":"
                + "[\"/proc/modules\",\"/sys/module\"]}");
    assertThat(Files.readString(recording.resolve("findings.ndjson"))).contains("KMW-1009");
  }

  /** The module evil, which insmod has loaded. */
  private static LoadedModule evil() {
    String attempt = Long.toHexString(event("x").build().timestampNanos()) + "-1092";
    return new LoadedModule(
        0x1000, 1, attempt, 4242, "evil", "evil", 0, 1, 0, LoadedModule.Progress.RETURNED);
  }

  @Test
  void moduleThatHides_isFound_whenTheClockIsSetBackMeanwhile() throws IOException {
    FakeRoot.healthyIn(folder).with("sys/module/ext4/parameters/x", "1\n");
    var source = new FakeSource();
    source.polls =
        List.of(
            List.of(
                event("module_load").with("name", "evil").build(),
                event("finit_module").with("fd", 3).build()),
            List.of(),
            List.of(),
            List.of());
    source.step = Duration.ofSeconds(1);
    source.clockSetBack = true;
    source.modules = List.of(evil());
    Path recording = folder.resolve("recording");
    try (Recorder recorder = Recorder.open(recording, notes())) {
      run(recorder, source);
    }
    assertThat(Files.readString(recording.resolve("events.ndjson")))
        .contains("\"eventName\":\"module_hidden\"", "\"eventName\":\"clock_set\"");
    assertThat(Files.readString(recording.resolve("findings.ndjson"))).contains("KMW-1009");
    assertThat(errLines())
        .contains("clock set back: from 2026-11-22T20:00:01Z to 2020-01-01T00:00:00Z");
  }

  @Test
  void fullDisk_underStandardOutput_isSaidOnce_andTheLinesComeOnceThereIsRoom() throws IOException {
    var out = new ByteArrayOutputStream();
    var full = new AtomicInteger(2);
    OutputStream disk =
        new OutputStream() {
          @Override
          public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
          }

          @Override
          public void write(byte[] bytes, int offset, int length) throws IOException {
            if (full.getAndDecrement() > 0) {
              throw new IOException("No space left on device");
            }
            out.write(bytes, offset, length);
          }
        };
    var source = new FakeSource();
    run(null, source, new Cli().writingTo(disk));
    assertThat(source.calls).contains("drain");
    assertThat(out.toString(StandardCharsets.UTF_8).lines()).hasSize(1);
    assertThat(errLines().stream().filter(line -> line.startsWith("standard output: ")))
        .containsExactly(
            "standard output: cannot write, trying again every second: No space left on device",
            "standard output: writes again");
  }

  @Test
  void standardOutputThatNobodyReads_holdsUpNoOtherOutput_andTheRunEnds() throws IOException {
    Path recording = folder.resolve("recording");
    var never = new CountDownLatch(1);
    OutputStream stuck =
        new OutputStream() {
          @Override
          public void write(int b) throws IOException {
            try {
              never.await();
            } catch (InterruptedException e) {
              throw new IOException(e);
            }
          }
        };
    var source = new FakeSource();
    assertThatThrownBy(
            () -> {
              try (Sinks none = Sinks.open(List.of(), context(), OutputStream.nullOutputStream())) {
                run(Recorder.open(recording, notes()), none, source, new Cli().writingTo(stuck));
              }
            })
        .isInstanceOf(IOException.class)
        .hasMessage("standard output: did not accept what was left at the end, lost=1");
    assertThat(source.calls).endsWith("close").contains("drain");
    assertThat(Files.readAllLines(recording.resolve("loads.ndjson"))).hasSize(2);
    assertThat(Files.readString(recording.resolve("ledger.json"))).contains("\"complete\" : true");
    never.countDown();
  }

  @Test
  @Timeout(60)
  void standardErrorThatNobodyReads_holdsUpNothing() throws IOException {
    FakeRoot.healthyIn(folder);
    Path recording = folder.resolve("recording");
    var never = new CountDownLatch(1);
    OutputStream stuck =
        new OutputStream() {
          @Override
          public void write(int b) throws IOException {
            try {
              never.await();
            } catch (InterruptedException e) {
              throw new IOException(e);
            }
          }
        };
    Shell own = new Cli().withRoot(folder).shell(err);
    var source = new FakeSource();
    source.polls = List.of(source.polls.getFirst(), List.of());
    source.afterPoll =
        () -> {
          throw new IllegalStateException("enough");
        };
    var command =
        new WatchCommand(
            own.writingTo(own.out(), new PrintStream(stuck, true, StandardCharsets.UTF_8)),
            options -> source,
            e -> 99);
    assertThat(new CommandLine(command).execute("--record", recording.toString())).isEqualTo(99);
    never.countDown();
    assertThat(Files.readAllLines(recording.resolve("events.ndjson"))).hasSize(1);
  }

  @Test
  void run_ends_whenTheReaderOfItsOnlyOutputHasGone() {
    var source = new FakeSource();
    source.polls = List.of(source.polls.getFirst(), List.of(), List.of());
    source.pause = true;
    assertThatThrownBy(
            () -> run(null, source, new Cli().writingTo(MainTest.failing("Broken pipe"))))
        .isInstanceOf(ReaderGoneException.class)
        .hasMessage("nobody reads standard output any more");
    assertThat(source.calls).endsWith("close").doesNotContain("drain");
  }

  @Test
  void run_detachesBeforeItDrains() throws IOException {
    var source = new FakeSource();
    run(null, source);
    assertThat(source.calls).containsExactly("poll", "wakeUp", "detach", "drain", "close");
  }

  @Test
  void recorder_neverOverwrites() throws IOException {
    Path recording = folder.resolve("r");
    Recorder.open(recording, notes()).close();
    assertThatThrownBy(() -> Recorder.open(recording, notes()).close())
        .isInstanceOf(CommandException.class)
        .hasMessageStartingWith("there is something already, give a new folder: --record ");
  }

  @Test
  void recording_ofAStartThatNobodySeesTo_goesIntoTheNextFolder() {
    Path recording = folder.resolve("r");

    assertThat(Recorder.next(recording)).isEqualTo(recording);
    for (String next : List.of("r.2", "r.3")) {
      assertThatCode(() -> Recorder.open(Recorder.next(recording), notes()).close())
          .doesNotThrowAnyException();
      assertThat(Recorder.next(recording)).isEqualTo(folder.resolve(next));
    }
  }

  @Test
  void recording_beginsOnceTheDiskTakesIt() throws IOException {
    // Root is stopped by no mode; by a link to itself it is.
    Path link = Files.createSymbolicLink(folder.resolve("loop"), Path.of("loop"));
    Path recording = link.resolve("r");
    var source = new FakeSource();
    source.polls = List.of(source.polls.getFirst(), List.of(), List.of());
    source.pause = true;
    source.beforePoll =
        Map.of(
            2,
            () -> {
              try {
                Files.delete(link);
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
    try (Recorder recorder = Recorder.open(recording, notes())) {
      run(recorder, source);
    }

    assertThat(errLines())
        .anyMatch(line -> line.startsWith("record: cannot be opened yet, trying again: "));
    assertThat(Files.readString(recording.resolve("events.ndjson")))
        .contains("\"eventName\":\"init_module\"", "\"eventName\":\"module_load\"");
    assertThat(recording.resolve("ledger.json")).isNotEmptyFile();
  }

  @Test
  void run_saysWhatIsLost_whereLockdownForbidsReading() throws IOException {
    FakeRoot.healthyIn(folder);
    var source = new FakeSource();
    source.withoutStrings = true;

    run(null, source);

    assertThat(errLines())
        .contains(
            "without what the kernel's lockdown (confidentiality) forbids to read: "
                + Sensor.LOST_IN_LOCKDOWN);
  }

  @Test
  void watch_saysThatThereIsNothingToWatch_withoutModuleSupport() {
    FakeRoot.healthyIn(folder).without("proc/modules");
    Cli.Result result = new Cli().withRoot(folder).run("watch");
    assertThat(result.status()).isEqualTo(69);
    assertThat(result.err())
        .matches(
            "kmodwatch: kernel 6\\.12\\.117 \\S+ has no module support \\(CONFIG_MODULES is off\\):"
                + " there is nothing to watch\n");
  }

  @Test
  void watch_refusesABufferForImages_thatTheKernelDoesNotTake() {
    FakeRoot.healthyIn(folder);
    for (String size : List.of("3M", "512K", "1G", "much", "")) {
      Cli.Result result = new Cli().withRoot(folder).run("watch", "--image-buffer", size);
      assertThat(result.status()).isEqualTo(64);
      assertThat(result.err())
          .isEqualTo(
              "kmodwatch: --image-buffer takes a power of two from 1M to 512M, or off: %s\n"
                  .formatted(size));
    }
  }

  @Test
  void watch_refusesToKeepImages_whereNoneAreTaken_orOthersCouldReadThem() throws IOException {
    FakeRoot.healthyIn(folder);
    Path open = Files.createDirectory(folder.resolve("open"));
    Files.setPosixFilePermissions(
        open, java.nio.file.attribute.PosixFilePermissions.fromString("rwxr-xr-x"));
    var cli = new Cli().withRoot(folder);

    Cli.Result off = cli.run("watch", "--keep-images", open.toString(), "--image-buffer", "off");
    Cli.Result readable = cli.run("watch", "--keep-images", open.toString());

    assertThat(off.status()).isEqualTo(64);
    assertThat(off.err())
        .isEqualTo(
            "kmodwatch: --keep-images has nothing to keep with --image-buffer off; leave one of"
                + " them out\n");
    assertThat(readable.status()).isEqualTo(69);
    assertThat(readable.err())
        .isEqualTo(
            "kmodwatch: --keep-images: others may look into the folder to keep images in; remedy:"
                + " chmod 700 %s\n".formatted(open));
  }

  @Test
  void watch_refusesAWebhook_thatCannotBeMadeOfItsOptions() throws IOException {
    FakeRoot.healthyIn(folder);
    Path token = Files.writeString(folder.resolve("token"), "s3cret");
    Files.setPosixFilePermissions(
        token, java.nio.file.attribute.PosixFilePermissions.fromString("rw-r--r--"));
    Path spool = folder.resolve("spool");

    assertRefused(
        64,
        "--webhook: plain http is for this machine only; remedy: https, url=http://siem.example",
        "--webhook=http://siem.example/s3cret");
    assertRefused(
        64,
        "--webhook-token-file needs a --webhook to send it to",
        "--webhook-token-file=" + token);
    assertRefused(
        64,
        "--spool-max takes at least 4M: bytes=1048576",
        "--webhook=https://siem.example/",
        "--spool-max=1M");
    assertRefused(
        69,
        "--webhook-token-file: others may read or write it; remedy: chmod 600 " + token,
        "--webhook=https://siem.example/",
        "--webhook-token-file=" + token,
        "--spool=" + spool);
    assertThat(spool).doesNotExist();
  }

  private void assertRefused(int status, String message, String... options) {
    var args = new ArrayList<String>(List.of("watch"));
    args.addAll(List.of(options));
    Cli.Result result = new Cli().withRoot(folder).run(args.toArray(String[]::new));
    assertThat(result.err()).isEqualTo("kmodwatch: " + message + "\n");
    assertThat(result.status()).isEqualTo(status);
  }

  @Test
  void watch_namesThePrivilege_withoutIt() {
    FakeRoot.healthyIn(folder).with("proc/self/status", "CapEff:\t0000000000000000\n");
    Cli.Result result = new Cli().withRoot(folder).run("watch");
    assertThat(result.status()).isEqualTo(69);
    assertThat(result.err())
        .isEqualTo(
            "kmodwatch: no privilege to load BPF programs, it takes root, or the capabilities"
                + " CAP_BPF and CAP_PERFMON, of which CAP_BPF and CAP_PERFMON are missing: try sudo"
                + " kmodwatch watch\n");
  }

  @Test
  void watch_namesTheCapabilityThatIsMissing_withTheOther() {
    FakeRoot.healthyIn(folder).with("proc/self/status", "CapEff:\t0000008000000004\n");
    Cli.Result result = new Cli().withRoot(folder).run("watch");
    assertThat(result.status()).isEqualTo(69);
    assertThat(result.err())
        .isEqualTo(
            "kmodwatch: no privilege to load BPF programs, it takes root, or the capabilities"
                + " CAP_BPF and CAP_PERFMON, of which CAP_PERFMON is missing: try sudo kmodwatch"
                + " watch\n");
  }

  @Test
  void watch_endsWith75_whenTheSensorMayStartLater_and69WhenNot() {
    FakeRoot.healthyIn(folder);
    Shell shell = new Cli().withRoot(folder).shell(err);

    assertThat(watch(shell, new SensorException("no memory now", "", true))).isEqualTo(75);
    assertThat(watch(shell, new SensorException("no such hook", ""))).isEqualTo(69);
    assertThat(errLines()).containsExactly("kmodwatch: no memory now", "kmodwatch: no such hook");
  }

  private static int watch(Shell shell, SensorException failure) {
    return new Main(
            shell,
            options -> {
              throw failure;
            })
        .run("watch", "-o", "none");
  }

  @Test
  void doctor_saysOneLine_withoutModuleSupport() {
    FakeRoot.healthyIn(folder).without("proc/modules");
    Cli.Result result = new Cli().withRoot(folder).run("doctor");
    assertThat(result.status()).isEqualTo(69);
    assertThat(result.outLines()).hasSize(1);
    assertThat(result.out()).contains("there is nothing to watch");
    assertThat(new Cli().withRoot(folder).run("doctor", "-o", "json").out())
        .contains("\"watchWorks\" : false");
  }

  private void run(@Nullable Recorder recorder, FakeSource source) throws IOException {
    run(recorder, source, new Cli());
  }

  private SinkContext context() {
    return new SinkContext(
        "0",
        "host1",
        Catalogue.of(List.of(new KernelModuleLoading())),
        new Cli().shell(err)::note,
        refusal -> {});
  }

  private void run(@Nullable Recorder recorder, FakeSource source, Cli cli) throws IOException {
    try (Sinks none = Sinks.open(List.of(), context(), OutputStream.nullOutputStream())) {
      run(recorder, none, source, cli);
    }
  }

  private void run(@Nullable Recorder recorder, Sinks sinks, FakeSource source, Cli cli)
      throws IOException {
    Shell shell = cli.withRoot(folder).shell(err);
    OutputQueue screen = OutputQueue.named("standard output", OutputQueue.MAX_BYTES, shell::note);
    var outputs =
        new RunOutputs(
            JsonOutputs.findings(screen.to(StandardOutput.of(shell.out()))),
            screen,
            null,
            recorder,
            sinks);
    List<Signature> signatures =
        source.step.isZero()
            ? List.of(new KernelModuleLoading())
            : List.of(new KernelModuleLoading(), new HiddenModule());
    InstantSource clock = () -> source.now;
    var run =
        new WatchRun(
            options -> source,
            SensorOptions.DEFAULT,
            signatures,
            outputs,
            journal,
            known,
            new WatchSettings.Changeable(
                List.of(), Policy.none(), Duration.ofMinutes(10), Duration.ofSeconds(10)),
            null,
            shell,
            clock,
            () -> source.nowNanos);
    source.afterPoll = run::stop;
    try (outputs) {
      run.run();
    }
  }

  private Consumer<String> notes() {
    return new Cli().shell(err)::note;
  }

  private List<String> errLines() {
    return err.toString(StandardCharsets.UTF_8).lines().toList();
  }

  /** What is to be polled is polled, then it is told to stop, and one event is drained. */
  private static final class FakeSource extends QuietSensor {
    private final List<String> calls = new ArrayList<>();
    private Runnable afterPoll = () -> {};
    private List<List<Event>> polls = List.of(List.of(event("init_module").with("len", 1).build()));
    private Map<Integer, Runnable> beforePoll = Map.of();
    private int polled;
    private boolean withoutStrings;
    private boolean resumed;
    private List<SensorFault> startFaults = List.of();

    /** Whether it gives other threads a moment before each poll. */
    private boolean pause;

    private Duration step = Duration.ZERO;
    private Instant now = Instant.parse("2026-11-22T20:00:00Z");
    private long nowNanos = Long.MAX_VALUE - 5;
    private long seenUpToNanos = Inventory.nanos(now);
    private boolean clockSetBack;
    private final List<ClockStep> clockSteps = new ArrayList<>();
    private List<LoadedModule> modules = List.of();

    @Override
    public LoadedModules loadedModules() {
      return new LoadedModules() {
        @Override
        public long changes() {
          return 1;
        }

        @Override
        public Contents read() {
          return new Contents(modules, List.of());
        }

        @Override
        public long unlisted() {
          return 0;
        }
      };
    }

    @Override
    public boolean isWithoutStrings() {
      return withoutStrings;
    }

    @Override
    public boolean isResumed() {
      return resumed;
    }

    @Override
    public List<SensorFault> startFaults() {
      return startFaults;
    }

    @Override
    public List<HookStatus> hooks() {
      return List.of(
          new HookStatus(Hook.MODULE_LOAD, HookStatus.State.ATTACHED, ""),
          new HookStatus(Hook.MODULE_FREE, HookStatus.State.FAILED, "attach: EBUSY"));
    }

    @Override
    public int poll(Duration timeout, Consumer<Event> sink) {
      calls.add("poll");
      if (pause) {
        LockSupport.parkNanos(200_000_000);
      }
      beforePoll.getOrDefault(polled, () -> {}).run();
      List<Event> events = polls.get(polled++);
      events.forEach(sink);
      now = now.plus(step);
      nowNanos += step.toNanos();
      seenUpToNanos += step.toNanos();
      if (clockSetBack && polled == 1) {
        Instant longAgo = Instant.parse("2020-01-01T00:00:00Z");
        clockSteps.add(new ClockStep(now, longAgo));
        now = longAgo;
      }
      if (polled == polls.size()) {
        afterPoll.run();
      }
      return events.size();
    }

    @Override
    public long seenUpToNanos() {
      return seenUpToNanos;
    }

    @Override
    public List<ClockStep> takeClockSteps() {
      List<ClockStep> taken = List.copyOf(clockSteps);
      clockSteps.clear();
      return taken;
    }

    @Override
    public void wakeUp() {
      calls.add("wakeUp");
    }

    @Override
    public void detach() {
      calls.add("detach");
    }

    @Override
    public int drain(Consumer<Event> sink) {
      calls.add("drain");
      sink.accept(event("module_load").with("name", "dummy").build());
      return 1;
    }

    @Override
    public SensorStatistics statistics() {
      return new SensorStatistics(
          new SensorStatistics.OfLane(8, 1, 4, 1, 1, 1, 0, 0),
          new SensorStatistics.OfLane(3, 3, 0, 0, 0, 0, 0, 0),
          1,
          7,
          2,
          0,
          0,
          0,
          0,
          Map.of("fexit/do_init_module", 2L));
    }

    @Override
    public void close() {
      calls.add("close");
    }
  }
}
