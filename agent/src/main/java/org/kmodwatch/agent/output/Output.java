package org.kmodwatch.agent.output;

import java.io.IOException;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.signature.Finding;

/** One way of writing down what was seen. For each event its findings come first. */
public interface Output {

  /**
   * Takes a finding.
   *
   * @throws IOException if it cannot be written
   */
  void finding(Finding finding) throws IOException;

  /**
   * Takes an event, after its findings.
   *
   * @throws IOException if it cannot be written
   */
  void event(Event event) throws IOException;

  /**
   * Hands on what was taken so far.
   *
   * @throws IOException if it cannot be written
   */
  void flush() throws IOException;
}
