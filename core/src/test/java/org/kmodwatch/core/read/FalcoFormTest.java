package org.kmodwatch.core.read;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.load.LoadTracker;
import org.kmodwatch.core.load.LoadTrackerOptions;
import org.kmodwatch.core.scan.ReadOptions;

@NullMarked
class FalcoFormTest {

  private static final String ALERT =
      "{\"hostname\":\"n1\",\"output\":\"…\",\"priority\":\"Warning\",\"rule\":\"Linux Kernel"
          + " Module Injection Detected\",\"source\":\"syscall\",\"tags\":[],"
          + "\"time\":\"2026-08-01T12:00:00.123456789Z\",\"output_fields\":{"
          + "\"container.id\":\"0123abcd\",\"container.image.repository\":\"img\","
          + "\"evt.time\":1785585600123456789,\"evt.res\":\"SUCCESS\",\"evt.type\":\"finit_module\",\"k8s.ns.name\":null,\"k8s.pod.name\":\"pod-1\",\"proc.cmdline\":\"insmod"
          + " /tmp/x.ko\",\"proc.name\":\"insmod\",\"proc.pname\":\"bash\",\"proc.pid\":77,\"proc.ppid\":70,\"user.loginuid\":1000,\"user.name\":\"root\"}}\n";

  @Test
  void alert_isALoad_withWhatItSays() {
    LoadRecord load = load(ALERT);

    assertThat(load.timeNanos()).isEqualTo(1_785_585_600_123_456_789L);
    assertThat(load.host().name()).isEqualTo("n1");
    assertThat(load.outcome()).isEqualTo(LoadRecord.Outcome.LOADED);
    assertThat(load.route().syscall()).isEqualTo("finit_module");
    assertThat(load.route().abi()).isNull();
    assertThat(load.file()).isNotNull();
    assertThat(load.file().path()).isEqualTo("/tmp/x.ko");
    assertThat(load.container().id()).isEqualTo("0123abcd");
    assertThat(load.kubernetes().podName()).isEqualTo("pod-1");
    assertThat(load.loader()).isNotNull();
    assertThat(load.loader().hostPid()).isEqualTo(77);
    assertThat(load.loader().knownUid()).isZero();
    assertThat(load.loader().loginUid()).isEqualTo(1000);
    assertThat(load.loader().ancestors())
        .containsExactly(new LoadRecord.Ancestor(70, "bash", null));
    assertThat(load.gaps())
        .extracting(LoadRecord.Gap::field)
        .containsExactly(
            "durationNs",
            "route.abi",
            "file",
            "module",
            "route.params",
            "image",
            "route.flags",
            "loader",
            "loader.args");
  }

  @Test
  void readFile_isAnEvent_whereTheFileWasRead() {
    List<Event> events = events(ALERT);

    assertThat(events)
        .extracting(Event::eventName)
        .containsExactly("security_kernel_read_file", "finit_module");
    assertThat(events.getFirst().argument("type")).contains(Value.of("kernel-module"));
    assertThat(events(ALERT.replace("SUCCESS", "EPERM")))
        .extracting(Event::eventName)
        .containsExactly("finit_module");
  }

  @Test
  void file_isTheOneThatWasOpen_whereTheRuleNamesIt() {
    LoadRecord load = load(ALERT.replace("\"proc.pid\"", "\"fd.name\":\"/opt/y.ko\",\"proc.pid\""));

    assertThat(load.file()).isNotNull();
    assertThat(load.file().path()).isEqualTo("/opt/y.ko");
    assertThat(load.gaps()).extracting(LoadRecord.Gap::field).doesNotContain("file");
  }

  @Test
  void whatTheRuleDoesNotName_isNotMadeUp() {
    LoadRecord load =
        load(
            "{\"rule\":\"r\",\"time\":\"2026-08-01T14:00:00+02:00\","
                + "\"output_fields\":{\"evt.type\":\"init_module\"}}\n");

    assertThat(load.timeNanos()).isEqualTo(1_785_585_600_000_000_000L);
    assertThat(load.returnValue()).isNull();
    assertThat(load.loader()).isNotNull();
    assertThat(load.loader().knownUid()).isNull();
    assertThat(org.kmodwatch.core.load.LoadRecords.toValue(load).fields().get("loader")).isNull();
    assertThat(load.gaps())
        .extracting(LoadRecord.Gap::field)
        .contains(
            "returnValue", "host", "route.memoryOnly", "loader.uid", "loader.hostPid", "container");
  }

  @ParameterizedTest
  @CsvSource({"SUCCESS,0", "EPERM,-1", "EKEYREJECTED,-129", "ENOEXEC,-8"})
  void result_isTheCallsReturnValue(String word, long returned) {
    assertThat(load(ALERT.replace("SUCCESS", word)).returnValue()).isEqualTo(returned);
  }

  @Test
  void severalAlertsOnOneCall_areOneLoad() {
    assertThat(loads(ALERT + ALERT.replace("Linux Kernel Module Injection Detected", "another")))
        .hasSize(1);
  }

  @Test
  void alertsOnOtherThings_areNothing_andNoBadLine() {
    String other = ALERT.replace("finit_module", "execve");
    for (ReadOptions options :
        new ReadOptions[] {ReadOptions.DEFAULT, ReadOptions.of(LoadTracker.EVENT_NAMES)}) {
      Reading reading = Reading.joined(other, options);

      assertThat(reading.events()).isEmpty();
      assertThat(reading.badLines()).isEmpty();
      assertThat(reading.statistics().otherLines()).isEqualTo(1);
    }
  }

  @Test
  void badAlert_isTold() {
    assertThat(
            Reading.joined(
                    "{\"rule\":\"r\",\"output_fields\":{\"evt.type\":\"init_module\"}}",
                    ReadOptions.DEFAULT)
                .badLines())
        .containsExactly("rec:1: time is missing");
    assertThat(
            Reading.joined(
                    ALERT.replace("\"proc.pid\":77", "\"proc.pid\":\"x\""), ReadOptions.DEFAULT)
                .badLines())
        .containsExactly(
            "rec:1: output_fields.proc.pid is not a signed 64-bit number but the string \"x\"");
  }

  private static List<Event> events(String text) {
    Reading reading = Reading.joined(text, ReadOptions.of(LoadTracker.EVENT_NAMES));
    assertThat(reading.badLines()).isEmpty();
    return reading.events();
  }

  private static LoadRecord load(String text) {
    List<LoadRecord> loads = loads(text);
    assertThat(loads).hasSize(1);
    return loads.getFirst();
  }

  private static List<LoadRecord> loads(String text) {
    var loads = new ArrayList<LoadRecord>();
    var tracker =
        new LoadTracker(
            LoadTrackerOptions.of(LoadRecord.Host.UNKNOWN, null),
            (record, basis) -> loads.add(record));
    events(text).forEach(event -> tracker.accept(event, List.of()));
    tracker.finish();
    return loads;
  }
}
