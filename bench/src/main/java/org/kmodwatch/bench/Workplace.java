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
 * Where measurements work, and what they share.
 *
 * @param root the checkout
 * @param folder for what is made on the way, under build/bench
 * @param recordingBytes how large a recording to measure with
 * @param recordingLines how many lines to replay where lines are what counts
 * @param progress takes lines on how it goes
 */
record Workplace(
    Path root, Path folder, long recordingBytes, long recordingLines, PrintStream progress) {

  /** Says how it goes. */
  void say(String line) {
    progress.println("bench: " + line);
  }

  /** A folder of this name under {@link #folder}, made if it is not there. */
  Path folder(String name) throws IOException {
    return Files.createDirectories(folder.resolve(name));
  }

  /**
   * Runs a program to its end and returns its standard output; standard error goes to ours.
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

  /** Takes what a program says. */
  interface OutputReader<T> {
    T read(InputStream out) throws IOException;
  }

  /**
   * Runs a program to its end and hands its standard output to {@code reader}, which reads all of
   * it; standard error goes to ours.
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
   * Runs a program to its end, its standard output to {@code out}, and returns how many seconds of
   * the clock on the wall it took; standard error goes to ours.
   *
   * @param longest after how many seconds it is given up
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
