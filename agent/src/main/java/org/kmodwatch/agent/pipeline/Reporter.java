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
 * Makes notices of what the {@link Pipeline} returned: findings first, then the event or the
 * record, each followed by its alerts. Not thread-safe.
 */
public final class Reporter {

  private final Alerts alerts;
  private final boolean alerting;
  private final List<Notice> notices = new ArrayList<>();

  /**
   * Creates a reporter.
   *
   * @param catalogue the signatures, by which alerts have their severity
   * @param repeatWindow how long repeats of an alert are counted instead of reported
   * @param alerting false where no output writes alerts: they would only take memory
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
      // An agent before this one reported the record that it replaces.
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

  /** Uses another window from the next alert on. What was counted by then comes as a summary. */
  public void changeWindow(Duration repeatWindow) {
    alerts.changeWindow(repeatWindow);
  }

  /** Loads and findings that need a look. */
  long raised() {
    return alerts.raised();
  }

  /** Alerts sent for them, with summaries. */
  long sent() {
    return alerts.told();
  }

  /** Returns the notices that a call which failed has left. */
  public List<Notice> taken() {
    if (notices.isEmpty()) {
      return List.of();
    }
    List<Notice> taken = List.copyOf(notices);
    notices.clear();
    return taken;
  }
}
