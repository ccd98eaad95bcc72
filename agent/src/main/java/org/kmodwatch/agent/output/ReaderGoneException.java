package org.kmodwatch.agent.output;

import java.io.IOException;

/** Thrown when an output's reader has gone and no other reader can begin. */
public final class ReaderGoneException extends IOException {
  private static final long serialVersionUID = 1L;

  /**
   * Creates an exception.
   *
   * @param output the name of the output
   */
  public ReaderGoneException(String output, IOException cause) {
    super("nobody reads %s any more".formatted(output), cause);
  }
}
