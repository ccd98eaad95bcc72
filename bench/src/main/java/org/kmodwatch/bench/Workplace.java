package org.kmodwatch.bench;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The environment that measurements share.
 *
 * @param root the checkout
 * @param folder the folder for intermediate files, under build/bench
 * @param recordingBytes the size of recordings, in bytes
 * @param recordingLines the number of lines to replay, for measurements that count lines
 * @param progress takes progress messages
 */
record Workplace(
    Path root, Path folder, long recordingBytes, long recordingLines, PrintStream progress) {

  /** Prints a progress message. */
  void say(String line) {
    progress.println("bench: " + line);
  }

  /** Returns a folder of this name under {@link #folder}; it is created if missing. */
  Path folder(String name) throws IOException {
    return Files.createDirectories(folder.resolve(name));
  }

  /**
   * Runs a program to its end and returns its standard output. Its standard error is inherited.
   *
   * @throws BenchException if it does not end with 0 in time
   */
  String run(long seconds, List<String> command) throws IOException, InterruptedException {
    Path out = Files.createTempFile(folder, "out", ".txt");
    try {
      seconds(seconds, command, out);
      return Files.readString(out);
    } finally {
      Files.delete(out);
    }
  }

  /** Reads the output of a program. */
  interface OutputReader<T> {
    T read(InputStream out) throws IOException;
  }

  /**
   * Runs a program to its end and passes its standard output to {@code reader}, which reads all of
   * it. Its standard error is inherited.
   *
   * @throws BenchException if it does not end with 0
   */
  <T> T read(List<String> command, OutputReader<T> reader)
      throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(new ArrayList<>(command))
            .directory(root.toFile())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    process.getOutputStream().close();
    T result = reader.read(process.getInputStream());
    int status = process.waitFor();
    if (status != 0) {
      throw new BenchException("status %d of: %s".formatted(status, command));
    }
    return result;
  }

  /**
   * Runs a program to its end, with its standard output in {@code out}, and returns its wall-clock
   * time in seconds. Its standard error is inherited.
   *
   * @param longest the time limit, in seconds
   * @throws BenchException if it does not end with 0 in time
   */
  double seconds(long longest, List<String> command, Path out)
      throws IOException, InterruptedException {
    long start = System.nanoTime();
    Process process =
        new ProcessBuilder(new ArrayList<>(command))
            .directory(root.toFile())
            .redirectOutput(out.toFile())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    process.getOutputStream().close();
    if (!process.waitFor(longest, TimeUnit.SECONDS)) {
      process.destroyForcibly().waitFor();
      throw new BenchException("not done after %d s: %s".formatted(longest, command));
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    if (process.exitValue() != 0) {
      throw new BenchException("status %d of: %s".formatted(process.exitValue(), command));
    }
    return seconds;
  }
}
