package org.kmodwatch.agent.pipeline;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.kmodwatch.agent.alert.Alert;
import org.kmodwatch.agent.alert.Alerts;
import org.kmodwatch.agent.output.Catalogue;
import org.kmodwatch.agent.output.Notice;
import org.kmodwatch.core.signature.Finding;

/**
 * Makes notices of the results of the {@link Pipeline}: findings first, then the event or the
 * record. Alerts follow each. Not thread-safe.
 */
public final class Reporter {

  private final Alerts alerts;
  private final boolean alerting;
  private final List<Notice> notices = new ArrayList<>();

  /**
   * Creates a reporter.
   *
   * @param catalogue the signatures, which give alerts their severity
   * @param repeatWindow how long repeats of an alert are counted instead of reported
   * @param alerting false if no output writes alerts; then none are made, which saves memory
   */
  public Reporter(Catalogue catalogue, Duration repeatWindow, boolean alerting) {
    this.alerts = new Alerts(repeatWindow, catalogue::of, this::add);
    this.alerting = alerting;
  }

  private void add(Alert alert) {
    notices.add(new Notice.OfAlert(alert));
  }

  /** Returns the notices of an event: its findings, their alerts, the event. */
  public List<Notice> report(Judged.OfEvent judged) {
    findings(judged.findings());
    notices.add(new Notice.OfEvent(judged.event()));
    return taken();
  }

  /** Returns the notices of a record: its findings, their alerts, the record, its alert. */
  public List<Notice> report(Judged.OfRecord judged) {
    findings(judged.findings());
    notices.add(new Notice.OfLoad(judged.record()));
    if (alerting && judged.news()) {
      // An earlier agent may have reported the record that this one replaces.
      alerts.load(
          judged.record(), Math.max(judged.turn(), judged.record().replacesAnother() ? 2 : 1));
    }
    return taken();
  }

  private void findings(List<Finding> findings) {
    for (Finding finding : findings) {
      notices.add(new Notice.OfFinding(finding));
    }
    if (alerting) {
      findings.forEach(alerts::finding);
    }
  }

  /**
   * Returns the summaries of repeated alerts whose window is over.
   *
   * @param nowNanos the time, on the scale of {@link
   *     org.kmodwatch.core.event.SensorContexts#steadyNanos}
   */
  public List<Notice> tick(long nowNanos) {
    alerts.tick(nowNanos);
    return taken();
  }

  /** Returns the summaries of all repeated alerts. */
  public List<Notice> finish() {
    alerts.finish();
    return taken();
  }

  /**
   * Switches to another window from the next alert on. Repeats counted so far are reported in a
   * summary.
   */
  public void changeWindow(Duration repeatWindow) {
    alerts.changeWindow(repeatWindow);
  }

  /** Returns the number of loads and findings that raise an alert. */
  long raised() {
    return alerts.raised();
  }

  /** Returns the number of alerts sent, including summaries. */
  long sent() {
    return alerts.emitted();
  }

  /** Returns and removes the pending notices, such as those left by a failed call. */
  public List<Notice> taken() {
    if (notices.isEmpty()) {
      return List.of();
    }
    List<Notice> taken = List.copyOf(notices);
    notices.clear();
    return taken;
  }
}
