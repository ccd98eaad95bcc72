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

  /** The kernels that measurements which need but a minute are made under. */
  static final List<String> KERNELS = List.of("6.1", "6.12");

  /** The one for those that take long. */
  static final String KERNEL = "6.12";

  private static final Duration LIMIT = Duration.ofMinutes(30);
  private static final long PREPARE_SECONDS = 600;

  private Guests() {}

  /**
   * A run of a script of the bench, with the agent at hand.
   *
   * @param variables set before it
   */
  static LabRun script(String kernel, String script, Map<String, ?> variables) throws IOException {
    var text = new StringBuilder();
    // Quoted: a value may have several words.
    variables.forEach((name, value) -> text.append("%s='%s'%n".formatted(name, value)));
    return LabRun.of(kernel, text.append(resource(script)).toString())
        .withAgent(GuestAgent.AT_HAND)
        .withTimeout(LIMIT);
  }

  /**
   * Runs it, the results in a folder of their own.
   *
   * @param name of the folder
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
            // It is in guest.log.
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

  /** What the bench brings into a guest besides: {@code auditd} with kwbench, {@code bpftrace}. */
  static AddedFile peer(Workplace workplace, String name) throws IOException, InterruptedException {
    workplace.run(PREPARE_SECONDS, List.of("bash", "tools/bench-peers.sh"));
    return AddedFile.of(workplace.folder().resolve(name + ".tar"));
  }

  /** A file that the script left in /out; empty if there is none. */
  static List<String> lines(LabResult result, String file) throws IOException {
    Path path = result.out().resolve(file);
    // Names and command lines are bytes.
    return Files.exists(path) ? Files.readAllLines(path, StandardCharsets.ISO_8859_1) : List.of();
  }

  /** A script of the bench, as it is. */
  static String resource(String name) throws IOException {
    try (InputStream in = Guests.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new FileNotFoundException("no resource " + name);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
