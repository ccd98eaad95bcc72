package org.kmodwatch.bench;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A recording on disk, deleted when it is closed.
 *
 * @param account the counts of its content
 */
record Recording(Path file, RecordingGenerator.Account account) implements AutoCloseable {

  private static final int BUFFER_BYTES = 1 << 20;

  /** Generates a recording of the workplace's size, with this share of matching lines. */
  static Recording make(Workplace workplace, Path folder, double share) throws IOException {
    Path file = folder.resolve("recording.ndjson");
    workplace.say("making a recording of %,d bytes".formatted(workplace.recordingBytes()));
    try (OutputStream out = Files.newOutputStream(file)) {
      return new Recording(
          file,
          new RecordingGenerator(RecordingGenerator.SEED, share)
              .write(out, workplace.recordingBytes()));
    }
  }

  /**
   * Reads the file once, so that the first measured program does not pay for reading from the disk.
   */
  void warm() throws IOException {
    var buffer = new byte[BUFFER_BYTES];
    try (InputStream in = Files.newInputStream(file)) {
      while (in.read(buffer) >= 0) {
        // The bytes are discarded.
      }
    }
  }

  @Override
  public void close() throws IOException {
    Files.deleteIfExists(file);
  }
}
