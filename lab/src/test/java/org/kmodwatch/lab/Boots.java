package org.kmodwatch.lab;

import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.UUID;

/**
 * Boots guests for tests. It records the test class of each boot in {@code build/logs/boots}, where
 * {@code tools/times.sh} counts them.
 */
final class Boots {

  /** Names the Maven run that forked this JVM, or this JVM. */
  private static final String SESSION =
      System.getProperty("kmodwatch.session", "" + ProcessHandle.current().pid());

  private Boots() {}

  /** Boots a guest for the calling test class. */
  static LabResult run(LabRun run) {
    count(run.kernel());
    return Lab.run(run);
  }

  /** Counts another guest for the calling test class. */
  static void count(String kernel) {
    String test =
        StackWalker.getInstance(StackWalker.Option.RETAIN_CLASS_REFERENCE)
            .walk(
                frames ->
                    frames
                        .map(frame -> frame.getDeclaringClass().getSimpleName())
                        .filter(name -> name.matches(".*(IT|Run)"))
                        .findFirst())
            .orElse("other");
    count(test, kernel);
  }

  /**
   * Boots a guest whose script must end with 0. A later request for the same run gets the same
   * result, in another fork of the same Maven run, too.
   */
  static synchronized LabResult shared(String test, LabRun run) {
    String name =
        "shared-"
            + UUID.nameUUIDFromBytes((SESSION + run).getBytes(StandardCharsets.UTF_8)).toString();
    try {
      Path folder = Files.createDirectories(Checkout.find().labFolder().resolve("work"));
      Path known = folder.resolve(name);
      try (FileChannel channel = FileChannel.open(folder.resolve(name + ".lock"), CREATE, WRITE);
          FileLock lock = channel.lock()) {
        assertThat(lock.isValid()).isTrue();
        if (Files.exists(known)) {
          return new LabResult(
              0, Path.of(Files.readString(known).strip()), Duration.ZERO, Duration.ZERO);
        }
        count(test, run.kernel());
        LabResult result = Lab.run(run);
        assertThat(result.exitStatus()).as("%s", result.guestLog()).isZero();
        Files.writeString(known, result.out() + "\n");
        return result;
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void count(String test, String kernel) {
    try {
      Path logs = Files.createDirectories(Checkout.find().root().resolve("build/logs"));
      Files.writeString(
          logs.resolve("boots"), "%s %s%n".formatted(test, kernel), CREATE, WRITE, APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
