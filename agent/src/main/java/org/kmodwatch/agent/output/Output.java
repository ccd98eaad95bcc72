package org.kmodwatch.agent.output;

import java.io.IOException;
import org.kmodwatch.agent.alert.Alert;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.signature.Finding;

/**
 * One way of writing down what was seen. For each event its findings come first, then the event,
 * then the loads that are complete with it, the findings on each load before the load itself.
 */
public interface Output {

  /**
   * Takes a finding.
   *
   * @throws IOException if it cannot be written
   */
  void finding(Finding finding) throws IOException;

  /**
   * Takes an event of a source, after its findings. The events {@code kernel_module} that Kmodwatch
   * makes of load records are not among them: {@link #load} has those.
   *
   * @throws IOException if it cannot be written
   */
  void event(Event event) throws IOException;

  /**
   * Takes a load, or a request that led to none, after its findings.
   *
   * @throws IOException if it cannot be written
   */
  void load(LoadRecord load) throws IOException;

  /**
   * Takes an alert, after the load or the finding that it is about.
   *
   * @throws IOException if it cannot be written
   */
  void alert(Alert alert) throws IOException;

  /**
   * Hands on what was taken so far.
   *
   * @throws IOException if it cannot be written
   */
  void flush() throws IOException;
}
