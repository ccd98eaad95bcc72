package org.kmodwatch.agent.sink;

import java.nio.file.Path;

/**
 * A file that lines are added to.
 *
 * @param path of the file
 * @param maxBytes past which it is renamed and a new one is begun; 0 for never
 * @param keep how many renamed ones are kept
 * @param compress whether the renamed ones are compressed (gzip)
 */
public record FileTarget(Path path, long maxBytes, int keep, boolean compress) implements Target {

  @Override
  public String shown() {
    return path.toString();
  }
}
