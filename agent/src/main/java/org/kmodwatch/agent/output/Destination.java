package org.kmodwatch.agent.output;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A destination that receives the lines of an {@link OutputQueue}. Only the queue's thread uses it.
 */
@FunctionalInterface
public interface Destination {

  /**
   * Writes some or all of {@code bytes}, and moves the position past the written ones. It may wait
   * for room without a limit.
   *
   * @throws ReaderGoneException if the destination will never have a reader again
   * @throws IOException if it cannot be written now
   */
  void write(ByteBuffer bytes) throws IOException;

  /**
   * Returns {@code lines} in the form that the destination accepts, each of them still one line.
   *
   * @param lines whole lines
   */
  default byte[] fitting(byte[] lines) {
    return lines;
  }
}
