package org.kmodwatch.agent.output;

import java.io.IOException;

/** Nobody reads an output any more, and nobody can begin to. */
public final class ReaderGoneException extends IOException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes one.
   *
   * @param output what the output is called
   */
  public ReaderGoneException(String output, IOException cause) {
    super("nobody reads %s any more".formatted(output), cause);
  }
}
