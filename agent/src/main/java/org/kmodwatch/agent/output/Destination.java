package org.kmodwatch.agent.output;

import java.io.IOException;
import java.nio.ByteBuffer;

/** What the lines of an {@link OutputQueue} end up in. Used by the queue's thread alone. */
@FunctionalInterface
public interface Destination {

  /**
   * Writes some of {@code bytes}, or all, and may wait for room as long as it likes. What it has
   * written it moves the position past.
   *
   * @throws ReaderGoneException if nobody will ever read it again
   * @throws IOException if it cannot be written now
   */
  void write(ByteBuffer bytes) throws IOException;

  /**
   * {@code lines} as it takes them, each of them still one line.
   *
   * @param lines whole lines
   */
  default byte[] fitting(byte[] lines) {
    return lines;
  }
}
