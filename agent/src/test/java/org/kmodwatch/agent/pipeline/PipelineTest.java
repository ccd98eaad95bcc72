package org.kmodwatch.agent.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.kmodwatch.core.load.LoadRecord.Outcome.FAILED;
import static org.kmodwatch.core.load.LoadRecord.Outcome.LOADED;
import static org.kmodwatch.core.testing.EventBuilder.event;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.kmodwatch.agent.Cli;
import org.kmodwatch.agent.alert.Alert;
import org.kmodwatch.agent.output.Output;
import org.kmodwatch.agent.policy.Policy;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.load.LoadTrackerOptions;
import org.kmodwatch.core.signature.Finding;
import org.kmodwatch.core.signature.Signature;
import org.kmodwatch.core.signatures.BuiltIn;
import org.kmodwatch.core.testing.EventBuilder;

class PipelineTest {

  @Test
  void namesOfEvents_areCountedTogether_whereTheyAreLongerThanAnyIs() throws IOException {
    Pipeline pipeline = pipeline();
    for (int i = 0; i < 3; i++) {
      pipeline.accept(event("x".repeat(1000) + i).build());
    }
    pipeline.accept(event("module_load").build());

    assertThat(pipeline.eventsByName()).containsEntry("(other)", 3L).containsKey("module_load");
    assertThat(pipeline.eventsByName().keySet()).allMatch(name -> name.length() < 200);
  }

  @Test
  void recordThatReplacesAnother_raisesWhatIsNewInIt_andNothingTwice() throws IOException {
    var told = new Told();
    Pipeline pipeline = pipeline(BuiltIn.signatures(), List.of(told), Pipeline.BeforeLoad.NOTHING);
    slowInit(pipeline, -19);
    pipeline.finish();

    assertThat(told.loads).extracting(LoadRecord::outcome).containsExactly(LOADED, FAILED);
    assertThat(told.loads.getFirst().findings()).containsExactly("KMW-1001");
    assertThat(told.loads.getLast().findings()).containsExactly("KMW-1001", "KMW-1006");
    assertThat(told.loads.getLast().errno()).isEqualTo("ENODEV");
    assertThat(told.findings).containsExactly("KMW-1001", "KMW-1006");
    String id = told.loads.getFirst().id();
    assertThat(told.alerts).extracting(Alert::id).containsExactly(id, id + "/2");
    assertThat(pipeline.alertsAccount().raised()).isEqualTo(2);
  }

  @Test
  void recordThatReplacesAnother_alertsNobodyAgain_whenNothingIsNewInIt() throws IOException {
    var told = new Told();
    Pipeline pipeline = pipeline(BuiltIn.signatures(), List.of(told), Pipeline.BeforeLoad.NOTHING);
    slowInit(pipeline, 0);
    pipeline.finish();

    assertThat(told.loads).extracting(LoadRecord::returnValue).containsExactly(null, 0L);
    assertThat(told.findings).containsExactly("KMW-1001");
    assertThat(told.alerts).extracting(Alert::count).containsExactly(1L);
  }

  @Test
  void recordThatAnotherProcessWrote_isNotWritten_andWhatReplacesItRaisesNothingTwice()
      throws IOException {
    var told = new Told();
    Pipeline pipeline =
        pipeline(
            BuiltIn.signatures(),
            List.of(told),
            (load, basis) -> load.mayBeReplaced() ? null : load);
    slowInit(pipeline, -19);
    pipeline.finish();

    assertThat(told.loads).extracting(LoadRecord::outcome).containsExactly(FAILED);
    assertThat(told.findings).containsExactly("KMW-1006");
    assertThat(told.alerts)
        .extracting(Alert::id)
        .containsExactly(told.loads.getFirst().id() + "/2");
  }

  @Test
  void pipeline_isNotQuiescent_beforeTheReturnOfACallThatHasItsRecord() throws IOException {
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
  void requestThatWaits_hasItsRecord_whenTheAgentStops_andALoadThatGoesOnHasNone()
      throws IOException {
    var told = new Told();
    Pipeline pipeline = pipeline(List.of(), List.of(told), Pipeline.BeforeLoad.NOTHING);
    pipeline.accept(
        event("module_request").at(START).inCall(0, 0).with("name", "net-pf-38").build());
    pipeline.accept(slow("security_kernel_load_data").with("type", "kernel-module").build());
    pipeline.leave();

    assertThat(told.loads)
        .extracting(LoadRecord::action, LoadRecord::reason)
        .containsExactly(
            tuple(LoadRecord.Action.REQUEST, "no load was seen for it before Kmodwatch stopped"));
  }

  /** One from memory, whose init takes 8 s. */
  private static void slowInit(Pipeline pipeline, long returned) throws IOException {
    pipeline.tick(START, START);
    pipeline.accept(slow("security_kernel_load_data").with("type", "kernel-module").build());
    pipeline.accept(slow("module_load").with("name", "x").build());
    pipeline.tick(START + 6 * SECOND, START + 6 * SECOND);
    pipeline.accept(slow("module_init").with("name", "x").returned(returned).build());
    pipeline.accept(
        slow("init_module_return").inCall(START, START + 8 * SECOND).returned(returned).build());
    pipeline.tick(START + 9 * SECOND, START + 9 * SECOND);
  }

  private static EventBuilder slow(String name) {
    return event(name).at(START).inCall(START, 0);
  }

  private static final long SECOND = 1_000_000_000L;
  private static final long START = 1_795_377_600 * SECOND;

  private static Pipeline pipeline() {
    return pipeline(List.of(), List.of(), Pipeline.BeforeLoad.NOTHING);
  }

  private static Pipeline pipeline(
      List<Signature> signatures, List<Output> outputs, Pipeline.BeforeLoad beforeLoad) {
    return new Pipeline(
        signatures,
        outputs,
        new Cli().shell(new ByteArrayOutputStream()),
        LoadTrackerOptions.of(LoadRecord.Host.UNKNOWN, null),
        Policy.none(),
        Duration.ofMinutes(10),
        beforeLoad,
        (record, basis) -> {});
  }

  /** What an output is told. */
  private static final class Told implements Output {
    private final List<LoadRecord> loads = new ArrayList<>();
    private final List<String> findings = new ArrayList<>();
    private final List<Alert> alerts = new ArrayList<>();

    @Override
    public void finding(Finding finding) {
      findings.add(finding.metadata().id());
    }

    @Override
    public void event(Event event) {}

    @Override
    public void load(LoadRecord load) {
      loads.add(load);
    }

    @Override
    public void alert(Alert alert) {
      alerts.add(alert);
    }

    @Override
    public void flush() {}
  }
}
