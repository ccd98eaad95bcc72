package org.kmodwatch.agent.watch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.kmodwatch.core.testing.EventBuilder.event;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kmodwatch.agent.build.QuietSensor;
import org.kmodwatch.agent.doctor.FakeRoot;
import org.kmodwatch.agent.shell.Shell;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.sensor.SensorStatistics;
import picocli.CommandLine;

/** Signals end a whole process, so {@code watch} gets one of its own here. */
class WatchSignalTest {

  @TempDir Path folder;

  @Test
  void terminationSignal_drainsAndEndsWithZero() throws Exception {
    FakeRoot.healthyIn(folder);
    Path recording = folder.resolve("recording");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                WatchSignalTest.Program.class.getName(),
                folder.toString(),
                recording.toString())
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    try (BufferedReader err =
        new BufferedReader(
            new InputStreamReader(process.getErrorStream(), StandardCharsets.UTF_8))) {
      assertThat(err.readLine()).startsWith("armed: 0 of 0 hooks");
      assertThat(err.readLine()).isEqualTo("0 modules were loaded before");
      // Process.destroy would close the stream that is being read.
      assertThat(process.toHandle().destroy()).isTrue();
      assertThat(err.readLine()).isEqualTo("1 event, 1 load, 1 finding, held back 0, lost 0");
    }
    assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).isZero();
    assertThat(Files.readAllLines(recording.resolve("events.ndjson"))).hasSize(1);
    assertThat(Files.readString(recording.resolve("ledger.json"))).contains("\"complete\" : true");
  }

  /** {@code watch} with a source that waits until it is woken. */
  static final class Program {
    private Program() {}

    public static void main(String[] args) throws IOException {
      Shell own = Shell.ofProcess();
      var shell =
          new Shell(
              own.in(),
              own.out(),
              own.err(),
              false,
              false,
              own.variables(),
              own.zone(),
              Path.of(args[0]));
      var command = new WatchCommand(shell, options -> new WaitingSource(), e -> 99);
      System.exit(new CommandLine(command).execute("--record", args[1]));
    }
  }

  private static final class WaitingSource extends QuietSensor {
    private final CountDownLatch woken = new CountDownLatch(1);

    @Override
    public int poll(Duration timeout, Consumer<Event> sink) {
      try {
        boolean ignored = woken.await(timeout.toMillis(), TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      return 0;
    }

    @Override
    public void wakeUp() {
      woken.countDown();
    }

    @Override
    public int drain(Consumer<Event> sink) {
      sink.accept(event("module_load").with("name", "dummy").build());
      return 1;
    }

    @Override
    public SensorStatistics statistics() {
      return new SensorStatistics(
          new SensorStatistics.OfLane(1, 1, 0, 0, 0, 0, 0, 0),
          new SensorStatistics.OfLane(0, 0, 0, 0, 0, 0, 0, 0),
          0,
          0,
          0,
          0,
          0,
          0,
          0,
          Map.of());
    }
  }
}
