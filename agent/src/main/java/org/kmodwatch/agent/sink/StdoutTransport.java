package org.kmodwatch.agent.sink;

import java.io.IOException;
import java.io.OutputStream;
import java.util.List;

/** Writes lines to standard output. */
final class StdoutTransport implements Transport {

  private final OutputStream out;

  StdoutTransport(OutputStream out) {
    this.out = out;
  }

  @Override
  public Answer send(List<Item> batch) {
    try {
      out.write(Item.lines(batch));
      out.flush();
      return new Answer.Taken();
    } catch (IOException e) {
      return new Answer.Later("it takes nothing: " + e.getMessage(), null);
    }
  }

  @Override
  public void close() {
    // Standard output stays open: this class did not open it.
  }
}
