package org.kmodwatch.agent.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.kmodwatch.core.load.LoadRecord.Outcome.FAILED;
import static org.kmodwatch.core.load.LoadRecord.Outcome.LOADED;
import static org.kmodwatch.core.testing.EventBuilder.event;

import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.kmodwatch.agent.Cli;
import org.kmodwatch.agent.alert.Alert;
import org.kmodwatch.agent.output.Catalogue;
import org.kmodwatch.agent.output.Notice;
import org.kmodwatch.agent.policy.Policy;
import org.kmodwatch.core.builtin.BuiltIn;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.load.LoadTrackerOptions;
import org.kmodwatch.core.signature.Finding;
import org.kmodwatch.core.signature.Signature;
import org.kmodwatch.core.testing.EventBuilder;

class PipelineTest {

  @Test
  void namesOfEvents_areCountedTogether_whereTheyAreLongerThanAnyIs() {
    Pipeline pipeline = pipeline();
    for (int i = 0; i < 3; i++) {
      pipeline.accept(event("x".repeat(1000) + i).build());
    }
    pipeline.accept(event("module_load").build());

    assertThat(pipeline.eventsByName()).containsEntry("(other)", 3L).containsKey("module_load");
    assertThat(pipeline.eventsByName().keySet()).allMatch(name -> name.length() < 200);
  }

  @Test
  void recordThatReplacesAnother_raisesWhatIsNewInIt_andNothingTwice() {
    var told = new Told();
    Pipeline pipeline = pipeline(BuiltIn.signatures());
    slowInit(pipeline, told, -19);
    told.take(pipeline.finish());

    assertThat(told.loads).extracting(LoadRecord::outcome).containsExactly(LOADED, FAILED);
    assertThat(told.loads.getFirst().findings()).containsExactly("KMW-1001");
    assertThat(told.loads.getLast().findings()).containsExactly("KMW-1001", "KMW-1006");
    assertThat(told.loads.getLast().errno()).isEqualTo("ENODEV");
    assertThat(told.findings).containsExactly("KMW-1001", "KMW-1006");
    String id = told.loads.getFirst().id();
    assertThat(told.alerts).extracting(Alert::id).containsExactly(id, id + "/2");
    assertThat(AlertsAccount.of(told.reporter, pipeline).raised()).isEqualTo(2);
  }

  @Test
  void recordThatReplacesAnother_alertsNobodyAgain_whenNothingIsNewInIt() {
    var told = new Told();
    Pipeline pipeline = pipeline(BuiltIn.signatures());
    slowInit(pipeline, told, 0);
    told.take(pipeline.finish());

    assertThat(told.loads).extracting(LoadRecord::returnValue).containsExactly(null, 0L);
    assertThat(told.findings).containsExactly("KMW-1001");
    assertThat(told.alerts).extracting(Alert::count).containsExactly(1L);
  }

  @Test
  void recordThatAnotherProcessWrote_isNotWritten_andWhatReplacesItRaisesNothingTwice() {
    var told = new Told();
    told.isWrittenBefore = LoadRecord::mayBeReplaced;
    Pipeline pipeline = pipeline(BuiltIn.signatures());
    slowInit(pipeline, told, -19);
    told.take(pipeline.finish());

    assertThat(told.loads).extracting(LoadRecord::outcome).containsExactly(FAILED);
    assertThat(told.findings).containsExactly("KMW-1006");
    assertThat(told.alerts)
        .extracting(Alert::id)
        .containsExactly(told.loads.getFirst().id() + "/2");
  }

  @Test
  void pipeline_isNotQuiescent_beforeTheReturnOfACallThatHasItsRecord() {
    Pipeline pipeline = pipeline();
    pipeline.accept(slow("module_load").with("name", "x").build());
    pipeline.tick(START + 6 * SECOND, START + 6 * SECOND);

    assertThat(pipeline.loads()).isEqualTo(1);
    assertThat(pipeline.isQuiescent()).isFalse();
    pipeline.accept(
        slow("init_module_return").inCall(START, START + 8 * SECOND).returned(0L).build());
    assertThat(pipeline.isQuiescent()).isTrue();
  }

  @Test
  void requestThatWaits_hasItsRecord_whenTheAgentStops_andALoadThatGoesOnHasNone() {
    var told = new Told();
    Pipeline pipeline = pipeline();
    told.take(
        pipeline.accept(
            event("module_request").at(START).inCall(0, 0).with("name", "net-pf-38").build()));
    told.take(
        pipeline.accept(slow("security_kernel_load_data").with("type", "kernel-module").build()));
    told.take(pipeline.leave());

    assertThat(told.loads)
        .extracting(LoadRecord::action, LoadRecord::reason)
        .containsExactly(
            tuple(LoadRecord.Action.REQUEST, "no load was seen for it before Kmodwatch stopped"));
  }

  /** Runs a load from memory whose init takes 8 s. */
  private static void slowInit(Pipeline pipeline, Told told, long returned) {
    told.take(pipeline.tick(START, START));
    told.take(
        pipeline.accept(slow("security_kernel_load_data").with("type", "kernel-module").build()));
    told.take(pipeline.accept(slow("module_load").with("name", "x").build()));
    told.take(pipeline.tick(START + 6 * SECOND, START + 6 * SECOND));
    told.take(pipeline.accept(slow("module_init").with("name", "x").returned(returned).build()));
    told.take(
        pipeline.accept(
            slow("init_module_return")
                .inCall(START, START + 8 * SECOND)
                .returned(returned)
                .build()));
    told.take(pipeline.tick(START + 9 * SECOND, START + 9 * SECOND));
  }

  private static EventBuilder slow(String name) {
    return event(name).at(START).inCall(START, 0);
  }

  private static final long SECOND = 1_000_000_000L;
  private static final long START = 1_795_377_600 * SECOND;

  private static Pipeline pipeline() {
    return pipeline(List.of());
  }

  private static Pipeline pipeline(List<Signature> signatures) {
    return new Pipeline(
        signatures,
        new Cli().shell(new ByteArrayOutputStream()),
        LoadTrackerOptions.of(LoadRecord.Host.UNKNOWN, null),
        Policy.none());
  }

  /** Collects the notices of the pipeline's results. */
  private static final class Told {
    private final Reporter reporter =
        new Reporter(Catalogue.of(BuiltIn.signatures()), Duration.ofMinutes(10), true);
    private Predicate<LoadRecord> isWrittenBefore = record -> false;
    private final List<LoadRecord> loads = new ArrayList<>();
    private final List<String> findings = new ArrayList<>();
    private final List<Alert> alerts = new ArrayList<>();

    void take(List<Judged> results) {
      for (Judged judged : results) {
        switch (judged) {
          case Judged.OfEvent event -> reporter.report(event).forEach(this::add);
          case Judged.OfRecord record -> {
            if (!isWrittenBefore.test(record.record())) {
              reporter.report(record).forEach(this::add);
            }
          }
          case Judged.Failed failed -> failed.raise();
        }
      }
    }

    private void add(Notice notice) {
      switch (notice) {
        case Notice.OfEvent _ -> {}
        case Notice.OfFinding(Finding finding) -> findings.add(finding.metadata().id());
        case Notice.OfLoad(LoadRecord load) -> loads.add(load);
        case Notice.OfAlert(Alert alert) -> alerts.add(alert);
      }
    }
  }
}
