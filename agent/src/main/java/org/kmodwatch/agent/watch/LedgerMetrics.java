package org.kmodwatch.agent.watch;

import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.kmodwatch.agent.output.OutputAccount;
import org.kmodwatch.agent.output.OutputLoss;
import org.kmodwatch.agent.output.Stall;
import org.kmodwatch.agent.pipeline.AlertsAccount;
import org.kmodwatch.agent.pipeline.LoadsAccount;
import org.kmodwatch.agent.policy.Policy;
import org.kmodwatch.agent.shell.Version;
import org.kmodwatch.agent.sink.SinkAccount;
import org.kmodwatch.core.engine.EngineStatistics;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.sensor.SensorStatistics;

/** Converts the ledger to Prometheus metrics; docs/reference/metrics.md lists them. */
public final class LedgerMetrics {

  /** The metrics, which are built after all points were added. */
  private final List<Supplier<MetricSnapshot>> all = new ArrayList<>();

  private LedgerMetrics() {}

  static MetricSnapshots of(Ledger ledger, List<SensorWatch.Blind> blind, List<Stall> stalls) {
    var metrics = new LedgerMetrics();
    metrics.agent(ledger);
    metrics.lanes(ledger.sensor());
    metrics.sensor(ledger.sensor(), blind);
    metrics.engine(ledger.engine(), ledger.eventsByName());
    metrics.loads(ledger.loads());
    metrics.sinks(ledger.sinks());
    metrics.outputs(ledger.outputs(), stalls);
    metrics.alerts(ledger.alerts());
    return new MetricSnapshots(metrics.all.stream().map(Supplier::get).toList());
  }

  private void agent(Ledger ledger) {
    all.add(
        () ->
            InfoSnapshot.builder()
                .name("kmodwatch")
                .help("The version that runs.")
                .dataPoint(
                    InfoSnapshot.InfoDataPointSnapshot.builder()
                        .labels(Labels.of("version", Version.text()))
                        .build())
                .build());
    gauge("kmodwatch_account_timestamp_seconds", "When this account was taken.")
        .add(Labels.EMPTY, ledger.time().getEpochSecond());
  }

  private void lanes(SensorStatistics sensor) {
    Family seen = counter("kmodwatch_sensor_seen", "Records that the programs wanted to send.");
    Family delivered = counter("kmodwatch_sensor_delivered", "Records that became events.");
    Family suppressed =
        counter("kmodwatch_sensor_suppressed", "Records held back by the limit of their source.");
    Family lost = counter("kmodwatch_sensor_lost", "Records lost, by reason.");
    Family gaps = counter("kmodwatch_sensor_gaps", "Numbers of records that never came.");
    Family pending = gauge("kmodwatch_sensor_pending", "Records that are on their way.");
    Map<String, SensorStatistics.OfLane> lanes =
        Map.of("attempts", sensor.attempts(), "loads", sensor.loads());
    new TreeMap<>(lanes)
        .forEach(
            (name, lane) -> {
              Labels labels = Labels.of("lane", name);
              seen.add(labels, lane.seen());
              delivered.add(labels, lane.delivered());
              suppressed.add(labels, lane.suppressed());
              lost.add(labels.add("reason", "ring_full"), lane.ringFull());
              lost.add(labels.add("reason", "malformed"), lane.malformed());
              lost.add(labels.add("reason", "missing"), lane.missing());
              lost.add(labels.add("reason", "unread"), lane.unread());
              gaps.add(labels, lane.gaps());
              pending.add(labels, lane.pending());
            });
    lost.add(Labels.of("lane", "none", "reason", "no_work_space"), sensor.noWorkSpace());
  }

  private void sensor(SensorStatistics sensor, List<SensorWatch.Blind> blind) {
    counter("kmodwatch_sensor_images", "Images of modules that were to be sent.")
        .add(Labels.EMPTY, sensor.images());
    counter("kmodwatch_sensor_images_incomplete", "Images that did not find room as a whole.")
        .add(Labels.EMPTY, sensor.imagesCut());
    counter("kmodwatch_sensor_images_expired", "Images that nothing told of for a minute.")
        .add(Labels.EMPTY, sensor.imagesExpired());
    counter(
            "kmodwatch_sensor_crowded_out",
            "Calls whose entry found no work space, and that were seen from a later hook on.")
        .add(Labels.EMPTY, sensor.crowdedOut());
    Family missed =
        counter("kmodwatch_sensor_missed", "How often the kernel did not run a hook's program.");
    new TreeMap<>(sensor.missed())
        .forEach((hook, count) -> missed.add(Labels.of("hook", hook), count));
    Family parts = gauge("kmodwatch_sensor_blind", "Parts of the sensor that do not see; 1 each.");
    blind.forEach(part -> parts.add(Labels.of("part", part.fault().part()), 1));
  }

  private void engine(EngineStatistics engine, Map<String, Long> eventsByName) {
    Family events = counter("kmodwatch_events", "Events, by name.");
    new TreeMap<>(eventsByName)
        .forEach((name, count) -> events.add(Labels.of("event", name), count));
    Family findings = counter("kmodwatch_findings", "Findings, by signature.");
    Family failures = counter("kmodwatch_signature_failures", "Events that a signature failed at.");
    for (EngineStatistics.OfSignature signature : engine.signatures()) {
      Labels labels = Labels.of("signature", signature.id());
      findings.add(labels, signature.findings());
      failures.add(labels, signature.failures());
    }
  }

  private void loads(LoadsAccount loads) {
    Family records = counter("kmodwatch_load_records", "Load records, by outcome.");
    for (LoadRecord.Outcome outcome : LoadRecord.Outcome.values()) {
      records.add(
          Labels.of("outcome", outcome.name().toLowerCase(Locale.ROOT)),
          loads.tracker().records().getOrDefault(outcome, 0L));
    }
    counter("kmodwatch_load_attempts", "Attempts to load or unload, but for those held back.")
        .add(Labels.EMPTY, loads.tracker().attempts());
    counter("kmodwatch_load_attempts_summarised", "Attempts held back, told of in summaries.")
        .add(Labels.EMPTY, loads.tracker().summarised());
  }

  private void sinks(List<SinkAccount> sinks) {
    Family taken = counter("kmodwatch_sink_taken", "Findings, loads and alerts given to the sink.");
    Family delivered = counter("kmodwatch_sink_delivered", "Those that the receiver took.");
    Family dropped = counter("kmodwatch_sink_dropped", "Those that never will be, by reason.");
    Family pending = gauge("kmodwatch_sink_pending", "Those that wait, on disk or in memory.");
    Family failing = gauge("kmodwatch_sink_failing", "1 while the receiver or the disk fails.");
    for (SinkAccount sink : sinks) {
      Labels labels = Labels.of("sink", sink.name());
      taken.add(labels, sink.taken());
      delivered.add(labels, sink.delivered());
      dropped.add(labels.add("reason", "refused"), sink.refused());
      dropped.add(labels.add("reason", "forced_out"), sink.forcedOut());
      dropped.add(labels.add("reason", "lost"), sink.lostInAll());
      pending.add(labels, sink.pending());
      failing.add(labels, sink.failingSince() == null ? 0 : 1);
    }
  }

  private void outputs(List<OutputAccount> outputs, List<Stall> stalls) {
    Family taken = counter("kmodwatch_output_taken", "Lines given to the output.");
    Family written = counter("kmodwatch_output_written", "Lines that it accepted.");
    Family lost = counter("kmodwatch_output_lost", "Lines that it never will have, by reason.");
    Family pending = gauge("kmodwatch_output_pending", "Lines that wait for it in memory.");
    for (OutputAccount output : outputs) {
      Labels labels = Labels.of("output", output.name());
      taken.add(labels, output.taken());
      written.add(labels, output.written());
      for (OutputLoss reason : OutputLoss.values()) {
        lost.add(
            labels.add("reason", reason.name().toLowerCase(Locale.ROOT)),
            output.lost().getOrDefault(reason, 0L));
      }
      pending.add(labels, output.pending());
    }
    Family stalled =
        gauge("kmodwatch_output_stalled", "Outputs and sinks that accept nothing; 1 each.");
    stalls.forEach(stall -> stalled.add(Labels.of("output", stall.output()), 1));
  }

  private void alerts(AlertsAccount alerts) {
    counter("kmodwatch_alerts_raised", "Loads and findings that were to be looked at.")
        .add(Labels.EMPTY, alerts.raised());
    counter("kmodwatch_alerts_told", "The alerts that they came to, with the summaries of repeats.")
        .add(Labels.EMPTY, alerts.emitted());
    Family hits = counter("kmodwatch_policy_hits", "Load records that a rule spoke on.");
    Family failures = counter("kmodwatch_policy_failures", "Load records that a rule failed at.");
    for (Policy.RuleAccount rule : alerts.policy().rules()) {
      Labels labels = Labels.of("rule", rule.rule().name());
      hits.add(labels, rule.hits());
      failures.add(labels, rule.failures());
    }
    counter("kmodwatch_policy_unmatched", "Load records that no rule spoke on.")
        .add(Labels.EMPTY, alerts.policy().unmatched());
  }

  /**
   * Collects the points of one metric. Points with the same labels are added up to one series.
   * Prometheus rejects an answer that contains a series twice.
   */
  private interface Family {
    void add(Labels labels, long value);
  }

  private Family counter(String name, String help) {
    var points = new LinkedHashMap<Labels, Long>();
    all.add(
        () -> {
          CounterSnapshot.Builder builder = CounterSnapshot.builder().name(name).help(help);
          points.forEach(
              (labels, value) ->
                  builder.dataPoint(
                      CounterSnapshot.CounterDataPointSnapshot.builder()
                          .labels(labels)
                          .value((double) value)
                          .build()));
          return builder.build();
        });
    return (labels, value) -> points.merge(labels, value, Long::sum);
  }

  private Family gauge(String name, String help) {
    var points = new LinkedHashMap<Labels, Long>();
    all.add(
        () -> {
          GaugeSnapshot.Builder builder = GaugeSnapshot.builder().name(name).help(help);
          points.forEach(
              (labels, value) ->
                  builder.dataPoint(
                      GaugeSnapshot.GaugeDataPointSnapshot.builder()
                          .labels(labels)
                          .value((double) value)
                          .build()));
          return builder.build();
        });
    return (labels, value) -> points.merge(labels, value, Long::sum);
  }
}
