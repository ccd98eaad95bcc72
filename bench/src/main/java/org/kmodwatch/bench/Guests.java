package org.kmodwatch.bench;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.kmodwatch.lab.AddedFile;
import org.kmodwatch.lab.GuestAgent;
import org.kmodwatch.lab.Lab;
import org.kmodwatch.lab.LabListener;
import org.kmodwatch.lab.LabResult;
import org.kmodwatch.lab.LabRun;

/** Runs the bench's scripts in the lab's guests. */
final class Guests {

  /** Lists the kernels of measurements that take only a minute. */
  static final List<String> KERNELS = List.of("6.1", "6.12");

  /** Names the kernel of measurements that take longer. */
  static final String KERNEL = "6.12";

  private static final Duration LIMIT = Duration.ofMinutes(30);
  private static final long PREPARE_SECONDS = 600;

  private Guests() {}

  /**
   * Returns a request that runs a script of the bench, which may start the agent.
   *
   * @param variables the variables set before the script
   */
  static LabRun script(String kernel, String script, Map<String, ?> variables) throws IOException {
    var text = new StringBuilder();
    // The quotes allow a value of several words.
    variables.forEach((name, value) -> text.append("%s='%s'%n".formatted(name, value)));
    return LabRun.of(kernel, text.append(resource(script)).toString())
        .withAgent(GuestAgent.AT_HAND)
        .withTimeout(LIMIT);
  }

  /**
   * Runs a request, with the results in a separate folder.
   *
   * @param name the name of the folder
   * @throws BenchException if the script fails
   */
  static LabResult run(Workplace workplace, String name, LabRun run) throws IOException {
    LabListener progress =
        new LabListener() {
          @Override
          public void progress(String line) {
            workplace.say(name + ": " + line);
          }

          @Override
          public void output(byte[] bytes, int length) {
            // The output is in guest.log.
          }
        };
    LabResult result = Lab.run(run.withOut(workplace.folder(name)), progress);
    if (result.exitStatus() != 0) {
      throw new BenchException(
          "the script in the guest ended with status %d; see %s"
              .formatted(result.exitStatus(), result.out()));
    }
    return result;
  }

  /** Returns another tool for the guest: {@code auditd} with kwbench, {@code bpftrace}. */
  static AddedFile peer(Workplace workplace, String name) throws IOException, InterruptedException {
    workplace.run(PREPARE_SECONDS, List.of("bash", "tools/bench-peers.sh"));
    return AddedFile.of(workplace.folder().resolve(name + ".tar"));
  }

  /** Returns the lines of a file that the script left in /out; empty if there is no such file. */
  static List<String> lines(LabResult result, String file) throws IOException {
    Path path = result.out().resolve(file);
    // Process names and command lines may be any bytes, which ISO 8859-1 can decode.
    return Files.exists(path) ? Files.readAllLines(path, StandardCharsets.ISO_8859_1) : List.of();
  }

  /** Returns a script of the bench, unchanged. */
  static String resource(String name) throws IOException {
    try (InputStream in = Guests.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new FileNotFoundException("no resource " + name);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
