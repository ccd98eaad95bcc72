package org.kmodwatch.agent.sink;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A process of its own that locks the file of its argument until its input ends. */
final class LockHolder {

  private LockHolder() {}

  @SuppressWarnings("SystemOut") // The test that starts the process reads it.
  static void main(String[] args) throws IOException {
    try (FileChannel file = FileChannel.open(Path.of(args[0]), StandardOpenOption.WRITE);
        FileLock lock = file.lock()) {
      System.out.println(lock.isValid());
      while (System.in.read() >= 0) {
        // Wait for the end.
      }
    }
  }

  static Process start(Path file) throws IOException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                LockHolder.class.getName(),
                file.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    if (!"true".equals(process.inputReader().readLine())) {
      throw new IOException("the process did not lock " + file);
    }
    return process;
  }
}
