package org.kmodwatch.bench;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A recording on disk, deleted when it is closed.
 *
 * @param account what is in it
 */
record Recording(Path file, RecordingGenerator.Account account) implements AutoCloseable {

  private static final int BUFFER_BYTES = 1 << 20;

  /** Makes one of the size that the workplace says, with this share of matching lines. */
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

  /** Reads it once, so that who comes first is not the one to fetch it from the disk. */
  void warm() throws IOException {
    var buffer = new byte[BUFFER_BYTES];
    try (InputStream in = Files.newInputStream(file)) {
      while (in.read(buffer) >= 0) {
        // Nothing is done with it.
      }
    }
  }

  @Override
  public void close() throws IOException {
    Files.deleteIfExists(file);
  }
}
