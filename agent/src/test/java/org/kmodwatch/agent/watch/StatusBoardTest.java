package org.kmodwatch.agent.watch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.kmodwatch.agent.output.OutputAccount;
import org.kmodwatch.agent.output.OutputLoss;
import org.kmodwatch.agent.output.Stall;
import org.kmodwatch.agent.pipeline.AlertsAccount;
import org.kmodwatch.agent.pipeline.LoadsAccount;
import org.kmodwatch.agent.policy.Policy;
import org.kmodwatch.agent.policy.Rule;
import org.kmodwatch.agent.shell.Version;
import org.kmodwatch.agent.sink.LossReason;
import org.kmodwatch.agent.sink.SinkAccount;
import org.kmodwatch.agent.status.ListenAddress;
import org.kmodwatch.agent.status.StatusServer;
import org.kmodwatch.core.engine.EngineStatistics;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.load.LoadTrackerStatistics;
import org.kmodwatch.sensor.SensorFault;
import org.kmodwatch.sensor.SensorStatistics;

class StatusBoardTest {

  private static final Instant TIME = Instant.parse("2026-11-24T10:00:00Z");

  private static final Stall STALL =
      new Stall("standard output", TIME.minusSeconds(10), 3, "nobody reads it");

  private static final Rule RULE =
      new Rule("the \"own\" ones", "o", "r", null, "true", LoadRecord.Policy.Verdict.EXPECTED);

  private long nowNanos = Long.MAX_VALUE - 5;
  private final StatusBoard board = new StatusBoard(() -> nowNanos);

  @Test
  void health_isBad_untilTheSensorIsArmed() {
    assertThat(board.health().troubles()).containsExactly("the sensor is not armed yet");
    board.publish(ledger(), List.of(), List.of());
    assertThat(board.health().troubles()).isEmpty();
  }

  @Test
  void health_namesThePartsThatAreBlind_andSinceWhen() {
    board.publish(
        ledger(),
        List.of(
            new SensorWatch.Blind(new SensorFault("ftrace", "it is off"), TIME.minusSeconds(5))),
        List.of());
    assertThat(board.health().troubles())
        .containsExactly("blind since 2026-11-24T09:59:55Z: ftrace: it is off");
  }

  @Test
  void health_namesTheOutputsThatAcceptNothing() {
    board.publish(ledger(), List.of(), List.of(STALL));
    assertThat(board.health().troubles())
        .containsExactly(
            "output standard output: has accepted nothing since 2026-11-24T09:59:50Z, waiting=3:"
                + " nobody reads it");
  }

  @Test
  void metrics_haveEachSeriesOnce_whateverTheLedgerHasTwice() throws Exception {
    Ledger once = ledger();
    var twice = new ArrayList<>(once.sinks());
    twice.addAll(once.sinks());
    board.publish(
        new Ledger(
            once.time(),
            once.complete(),
            once.sensor(),
            once.engine(),
            once.eventsByName(),
            once.loads(),
            twice,
            once.outputs(),
            once.alerts()),
        List.of(),
        List.of());
    assertThat(scrape().lines())
        .containsOnlyOnce("kmodwatch_sink_taken_total{sink=\"webhook\"} 20.0");
  }

  @Test
  void health_isBad_whenNothingWasHeardForAMinute() {
    board.publish(ledger(), List.of(), List.of());
    nowNanos += StatusBoard.SILENCE.toNanos();
    assertThat(board.health().troubles()).isEmpty();
    nowNanos++;
    assertThat(board.health().troubles())
        .containsExactly("nothing was read from the kernel since 2026-11-24T10:00:00Z");
  }

  @Test
  void metrics_areThoseOfTheDocumentation() throws Exception {
    board.publish(
        ledger(),
        List.of(new SensorWatch.Blind(new SensorFault("ftrace", "it is off"), TIME)),
        List.of(STALL));
    Set<String> answered =
        scrape()
            .lines()
            .filter(line -> !line.startsWith("#"))
            .map(line -> line.replaceAll("=\"(?:[^\"\\\\]|\\\\.)*\"", "").replaceAll(" .*", ""))
            .collect(Collectors.toSet());
    Set<String> documented =
        Files.readString(Path.of("../docs/reference/metrics.md"))
            .lines()
            .filter(line -> line.startsWith("| `kmodwatch_"))
            .flatMap(
                line ->
                    Pattern.compile("`(kmodwatch_[a-z_]+(?:\\{[a-z,]+})?)`")
                        .matcher(line)
                        .results()
                        .map(name -> sorted(name.group(1))))
            .collect(Collectors.toSet());

    assertThat(documented).containsExactlyInAnyOrderElementsOf(answered);
  }

  /** The name with its labels in the order of the letters, as they are answered. */
  private static String sorted(String metric) {
    String[] parts = metric.split("[{}]", -1);
    return parts.length == 1
        ? metric
        : Stream.of(parts[1].split(",", -1))
            .sorted()
            .collect(Collectors.joining(",", parts[0] + "{", "}"));
  }

  @Test
  void metrics_areThoseOfTheLedger() throws Exception {
    board.publish(
        ledger(),
        List.of(
            new SensorWatch.Blind(new SensorFault("ftrace", "it is off"), TIME.minusSeconds(5))),
        List.of(STALL));
    assertThat(scrape().lines().filter(line -> !line.startsWith("#")))
        .containsExactlyInAnyOrder(
            "kmodwatch_info{version=\"" + Version.text() + "\"} 1",
            "kmodwatch_account_timestamp_seconds 1.7955144E9",
            "kmodwatch_sensor_seen_total{lane=\"attempts\"} 15.0",
            "kmodwatch_sensor_seen_total{lane=\"loads\"} 9.0",
            "kmodwatch_sensor_delivered_total{lane=\"attempts\"} 7.0",
            "kmodwatch_sensor_delivered_total{lane=\"loads\"} 8.0",
            "kmodwatch_sensor_suppressed_total{lane=\"attempts\"} 4.0",
            "kmodwatch_sensor_suppressed_total{lane=\"loads\"} 0.0",
            "kmodwatch_sensor_lost_total{lane=\"attempts\",reason=\"ring_full\"} 2.0",
            "kmodwatch_sensor_lost_total{lane=\"attempts\",reason=\"malformed\"} 1.0",
            "kmodwatch_sensor_lost_total{lane=\"attempts\",reason=\"missing\"} 0.0",
            "kmodwatch_sensor_lost_total{lane=\"attempts\",reason=\"unread\"} 0.0",
            "kmodwatch_sensor_lost_total{lane=\"loads\",reason=\"ring_full\"} 0.0",
            "kmodwatch_sensor_lost_total{lane=\"loads\",reason=\"malformed\"} 0.0",
            "kmodwatch_sensor_lost_total{lane=\"loads\",reason=\"missing\"} 0.0",
            "kmodwatch_sensor_lost_total{lane=\"loads\",reason=\"unread\"} 0.0",
            "kmodwatch_sensor_lost_total{lane=\"none\",reason=\"no_work_space\"} 3.0",
            "kmodwatch_sensor_gaps_total{lane=\"attempts\"} 2.0",
            "kmodwatch_sensor_gaps_total{lane=\"loads\"} 0.0",
            "kmodwatch_sensor_pending{lane=\"attempts\"} 1.0",
            "kmodwatch_sensor_pending{lane=\"loads\"} 1.0",
            "kmodwatch_sensor_images_total 6.0",
            "kmodwatch_sensor_images_incomplete_total 1.0",
            "kmodwatch_sensor_images_expired_total 0.0",
            "kmodwatch_sensor_crowded_out_total 0.0",
            "kmodwatch_sensor_missed_total{hook=\"tp_btf/module_load\"} 5.0",
            "kmodwatch_sensor_blind{part=\"ftrace\"} 1.0",
            "kmodwatch_events_total{event=\"module_load\"} 8.0",
            "kmodwatch_findings_total{signature=\"TRC-1017\"} 8.0",
            "kmodwatch_signature_failures_total{signature=\"TRC-1017\"} 1.0",
            "kmodwatch_load_records_total{outcome=\"loaded\"} 8.0",
            "kmodwatch_load_records_total{outcome=\"failed\"} 0.0",
            "kmodwatch_load_records_total{outcome=\"refused\"} 2.0",
            "kmodwatch_load_records_total{outcome=\"unloaded\"} 0.0",
            "kmodwatch_load_records_total{outcome=\"unknown\"} 0.0",
            "kmodwatch_load_attempts_total 11.0",
            "kmodwatch_load_attempts_summarised_total 4.0",
            "kmodwatch_sink_taken_total{sink=\"webhook\"} 10.0",
            "kmodwatch_sink_delivered_total{sink=\"webhook\"} 6.0",
            "kmodwatch_sink_dropped_total{reason=\"refused\",sink=\"webhook\"} 1.0",
            "kmodwatch_sink_dropped_total{reason=\"forced_out\",sink=\"webhook\"} 2.0",
            "kmodwatch_sink_dropped_total{reason=\"lost\",sink=\"webhook\"} 1.0",
            "kmodwatch_sink_pending{sink=\"webhook\"} 2.0",
            "kmodwatch_sink_failing{sink=\"webhook\"} 1.0",
            "kmodwatch_output_taken_total{output=\"standard output\"} 9.0",
            "kmodwatch_output_written_total{output=\"standard output\"} 4.0",
            "kmodwatch_output_lost_total{output=\"standard output\",reason=\"queue_full\"} 2.0",
            "kmodwatch_output_lost_total{output=\"standard output\",reason=\"reader_gone\"} 0.0",
            "kmodwatch_output_lost_total{output=\"standard output\",reason=\"ended\"} 0.0",
            "kmodwatch_output_pending{output=\"standard output\"} 3.0",
            "kmodwatch_output_stalled{output=\"standard output\"} 1.0",
            "kmodwatch_alerts_raised_total 3.0",
            "kmodwatch_alerts_told_total 2.0",
            "kmodwatch_policy_hits_total{rule=\"the \\\"own\\\" ones\"} 5.0",
            "kmodwatch_policy_failures_total{rule=\"the \\\"own\\\" ones\"} 1.0",
            "kmodwatch_policy_unmatched_total 6.0");
  }

  private String scrape() throws IOException, InterruptedException {
    try (StatusServer server =
            StatusServer.start(
                ListenAddress.parse("0"), List.of(), board::metrics, board::health, note -> {});
        HttpClient client = HttpClient.newHttpClient()) {
      URI uri = URI.create(server.url() + "/metrics");
      return client
          .send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString())
          .body();
    }
  }

  private static Ledger ledger() {
    var records = new EnumMap<LoadRecord.Outcome, Long>(LoadRecord.Outcome.class);
    records.put(LoadRecord.Outcome.LOADED, 8L);
    records.put(LoadRecord.Outcome.REFUSED, 2L);
    var tracker =
        new LoadTrackerStatistics(
            0, 0, 0, 0, 0, 0, 0, 0, 11, records, 0, 0, 0, 1, 4, 1, 0, 0, 0, 0, 0, 0, 0, 0);
    return new Ledger(
        TIME,
        false,
        new SensorStatistics(
            new SensorStatistics.OfLane(15, 7, 4, 2, 1, 2, 0, 0),
            new SensorStatistics.OfLane(9, 8, 0, 0, 0, 0, 0, 0),
            3,
            6,
            1,
            0,
            0,
            0,
            0,
            Map.of("tp_btf/module_load", 5L)),
        new EngineStatistics(8, List.of(new EngineStatistics.OfSignature("TRC-1017", 8, 8, 0, 1))),
        Map.of("module_load", 8L),
        new LoadsAccount(tracker, 0, 0),
        List.of(
            new SinkAccount(
                "webhook", 2, 10, 7, 6, 1, 2, Map.of(LossReason.TOO_LARGE, 1L), 2, TIME)),
        List.of(
            new OutputAccount("standard output", 9, 4, Map.of(OutputLoss.QUEUE_FULL, 2L), 3, TIME)),
        new AlertsAccount(
            3, 2, new Policy.Account(List.of(new Policy.RuleAccount(RULE, 5, 1, TIME)), 6)));
  }
}
