package org.kmodwatch.core.audit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.kmodwatch.core.builtin.KernelModuleLoading;
import org.kmodwatch.core.engine.Engine;
import org.kmodwatch.core.engine.EngineListener;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.load.LoadTracker;
import org.kmodwatch.core.load.LoadTrackerOptions;
import org.kmodwatch.core.load.LoadTrackerStatistics;
import org.kmodwatch.core.read.BadLine;
import org.kmodwatch.core.read.EventHandler;
import org.kmodwatch.core.read.EventReader;
import org.kmodwatch.core.read.ReadStatistics;
import org.kmodwatch.core.scan.ReadOptions;
import org.kmodwatch.core.signature.Finding;
import org.kmodwatch.core.signature.SignatureMetadata;

/** Holds the result of reading a log: the events, the joined loads, and the errors. */
@NullMarked
record AuditReading(
    List<Event> events,
    List<LoadRecord> loads,
    List<String> badLines,
    ReadStatistics statistics,
    LoadTrackerStatistics tracker) {

  /** The options that the agent uses. */
  static final ReadOptions WANTED = ReadOptions.of(LoadTracker.EVENT_NAMES);

  static AuditReading of(String text) {
    return of(text.getBytes(StandardCharsets.UTF_8), WANTED);
  }

  static AuditReading of(byte[] bytes, ReadOptions options) {
    return of(new ByteArrayInputStream(bytes), options);
  }

  static AuditReading of(InputStream in, ReadOptions options) {
    var events = new ArrayList<Event>();
    var badLines = new ArrayList<String>();
    try {
      ReadStatistics statistics =
          EventReader.read(
              in,
              "log",
              options,
              new EventHandler() {
                @Override
                public void onEvent(Event event) {
                  events.add(event);
                }

                @Override
                public void onBadLine(BadLine line) {
                  badLines.add(line.toString());
                }
              });
      assertThat(
              statistics.events()
                  + statistics.badLines()
                  + statistics.blankLines()
                  + statistics.otherLines())
          .isEqualTo(statistics.lines());
      return joined(events, badLines, statistics);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static AuditReading joined(
      List<Event> events, List<String> badLines, ReadStatistics statistics) {
    var found = new ArrayList<String>();
    Engine engine =
        Engine.start(
            List.of(new KernelModuleLoading()),
            new EngineListener() {
              @Override
              public void onFinding(Finding finding) {
                found.add(finding.metadata().id());
              }

              @Override
              public void onMalformed(SignatureMetadata signature, Event event, String reason) {
                throw new AssertionError(reason);
              }

              @Override
              public void onFailure(SignatureMetadata signature, Phase phase, Throwable failure) {
                throw new AssertionError(failure);
              }
            });
    var loads = new ArrayList<LoadRecord>();
    var tracker =
        new LoadTracker(
            LoadTrackerOptions.of(LoadRecord.Host.UNKNOWN, null),
            (record, basis) -> loads.add(record));
    for (Event event : events) {
      found.clear();
      engine.process(event);
      tracker.tick(event.timestampNanos());
      tracker.accept(event, List.copyOf(found));
    }
    tracker.finish();
    return new AuditReading(events, loads, badLines, statistics, tracker.statistics());
  }

  /** Returns the only load. */
  LoadRecord load() {
    assertThat(badLines).isEmpty();
    assertThat(loads).hasSize(1);
    return loads.getFirst();
  }

  /** Returns each load in words: process, call, outcome, module, file, findings. */
  List<String> inWords() {
    return loads.stream().map(AuditReading::inWords).toList();
  }

  private static String inWords(LoadRecord load) {
    LoadRecord.ProcessDetails loader = Objects.requireNonNull(load.loader());
    return Stream.of(
            loader.comm(),
            String.valueOf(loader.hostPid()),
            String.valueOf(load.route().syscall()),
            load.outcome().name(),
            String.valueOf(load.errno()),
            String.valueOf(load.module().name()),
            load.file() == null ? "-" : load.file().path(),
            String.join(",", load.findings()))
        .reduce((a, b) -> a + " " + b)
        .orElseThrow()
        .strip();
  }

  static List<String> gaps(LoadRecord load) {
    return load.gaps().stream().map(LoadRecord.Gap::field).toList();
  }

  static String why(LoadRecord load, String field) {
    return load.gaps().stream()
        .filter(gap -> gap.field().equals(field))
        .map(LoadRecord.Gap::why)
        .findFirst()
        .orElse("");
  }

  /** Returns a recording of our own lab, as text in which every byte is a character. */
  static String resource(String name) {
    try (InputStream in = AuditReading.class.getResourceAsStream("/recordings/" + name)) {
      return new String(Objects.requireNonNull(in, name).readAllBytes(), StandardCharsets.US_ASCII);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static List<String> lines(String text) {
    return Arrays.asList(text.split("\n", -1));
  }
}
