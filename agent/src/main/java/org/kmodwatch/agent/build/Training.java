package org.kmodwatch.agent.build;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.function.Consumer;
import org.kmodwatch.agent.Main;
import org.kmodwatch.agent.shell.ExitStatus;
import org.kmodwatch.agent.shell.Shell;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.sensor.Hook;
import org.kmodwatch.sensor.HookStatus;
import org.kmodwatch.sensor.Rehearsal;
import org.kmodwatch.sensor.SensorOptions;

/**
 * The run that Java's ahead-of-time cache is made from: {@code replay} of one event, then {@code
 * watch} as the service runs it, with one load, to its end by a signal. The kernel has no part in
 * it, so that it goes on any machine, without privilege.
 */
public final class Training {

  private static final String RECORDING =
      """
      {"timestamp":1,"processId":1,"processName":"insmod","eventId":"1",\
      "eventName":"init_module","args":[]}
      """;

  private Training() {}

  /**
   * Runs it.
   *
   * @param args a module file, signed, so that reading signatures is in it; and a folder to make
   */
  public static void main(String[] args) throws IOException {
    byte[] module = Files.readAllBytes(Path.of(args[0]));
    Path folder = machineIn(Path.of(args[1]));
    Shell process = Shell.ofProcess();
    var shell =
        new Shell(
            new ByteArrayInputStream(RECORDING.getBytes(StandardCharsets.UTF_8)),
            process.out(),
            process.err(),
            process.outIsTerminal(),
            process.errIsTerminal(),
            process.variables(),
            process.zone(),
            folder);
    int status = new Main(shell).run("replay", "-o", "table", "-");
    if (status == ExitStatus.OK) {
      status =
          new Main(shell, options -> new Rehearsed(module, options))
              .run(
                  "watch",
                  "-o",
                  "loads",
                  "--listen=127.0.0.1:0",
                  "--pin",
                  "--state=" + folder.resolve("state"));
    }
    System.exit(status);
  }

  /** What {@code watch} looks for before it starts. */
  private static Path machineIn(Path folder) throws IOException {
    Path proc = Files.createDirectories(folder.resolve("proc/self"));
    Files.createDirectory(folder.resolve("state"));
    Files.writeString(proc.resolve("status"), "CapEff:\t000001ffffffffff\n");
    Files.writeString(proc.resolveSibling("modules"), "dummy 16384 0 - Live 0x0000000000000000\n");
    Files.createDirectories(folder.resolve("sys/module/dummy"));
    Files.createDirectories(folder.resolve("etc"));
    Files.writeString(folder.resolve("etc/passwd"), "root:x:0:0:root:/root:/bin/sh\n");
    return folder;
  }

  /** One load, and then the end. */
  private static final class Rehearsed extends QuietSensor {

    private final Queue<Event> events;
    private boolean ending;

    Rehearsed(byte[] module, SensorOptions options) {
      Rehearsal.start();
      this.events = new ArrayDeque<>(Rehearsal.load(module, options.images()));
    }

    @Override
    public List<HookStatus> hooks() {
      return Arrays.stream(Hook.values())
          .map(hook -> new HookStatus(hook, HookStatus.State.ATTACHED, ""))
          .toList();
    }

    @Override
    public int poll(Duration timeout, Consumer<Event> sink) {
      Event next = events.poll();
      if (next != null) {
        sink.accept(next);
        return 1;
      }
      if (!ending) {
        // On a thread of its own, since it waits for the thread that is here.
        ending = true;
        Thread.ofPlatform().start(() -> System.exit(ExitStatus.OK));
      }
      return 0;
    }
  }
}
