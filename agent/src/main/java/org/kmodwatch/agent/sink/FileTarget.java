package org.kmodwatch.agent.sink;

import java.nio.file.Path;

/**
 * A file that lines are appended to.
 *
 * @param path the path of the file
 * @param maxBytes the size, in bytes, beyond which the file is rotated; 0 for no rotation
 * @param keep the number of rotated files to keep
 * @param compress whether rotated files are compressed (gzip)
 */
public record FileTarget(Path path, long maxBytes, int keep, boolean compress) implements Target {

  @Override
  public String shown() {
    return path.toString();
  }
}
