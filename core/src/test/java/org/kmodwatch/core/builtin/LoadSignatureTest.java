package org.kmodwatch.core.builtin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.kmodwatch.core.testing.LoadRecordBuilder.fromFile;
import static org.kmodwatch.core.testing.LoadRecordBuilder.load;
import static org.kmodwatch.core.testing.LoadRecordBuilder.request;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.kmodwatch.core.event.Argument;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.core.load.LoadRecord.Place;
import org.kmodwatch.core.load.LoadRecords;
import org.kmodwatch.core.signature.EventSelector;
import org.kmodwatch.core.signature.LoadSignature;
import org.kmodwatch.core.signature.Verdict;
import org.kmodwatch.core.testing.EventBuilder;
import org.kmodwatch.core.testing.LoadRecordBuilder;

@NullMarked
class LoadSignatureTest {

  private final LoadSignature signature = new UnusualPlaceLoad();

  @Test
  void selectsRecords_ofAnyOrigin() {
    assertThat(signature.selectedEvents())
        .containsExactly(new EventSelector("tracee", "kernel_module", "*"));
  }

  @Test
  void judgesTheRecordThatTheEventIs() {
    Event basis = EventBuilder.named("finit_module", List.of());
    assertThat(
            onEvent(
                LoadRecords.toEvent(fromFile("/tmp/x.ko", Place.TEMPORARY, false).build(), basis)))
        .containsExactly("finding");
    assertThat(onEvent(LoadRecords.toEvent(load().build(), basis))).isEmpty();
  }

  @Test
  void requests_areGivenToThoseThatAskForThem_alone() {
    LoadRecordBuilder request = request("net-pf-38", 65534).repeats(2);
    List<String> speak =
        BuiltIn.signatures().stream()
            .filter(LoadSignature.class::isInstance)
            .map(LoadSignature.class::cast)
            .filter(each -> !Judging.judge(each, request).isEmpty())
            .map(each -> each.metadata().id())
            .toList();

    assertThat(speak).containsExactly("KMW-1007", "KMW-1013");
  }

  @Test
  void reportsMalformed_whenTheEventHoldsNoRecord() {
    String reason = "not a load record: schema=kmodwatch.load/1";
    assertThat(onEvent(EventBuilder.named("kernel_module", null))).containsExactly(reason);
    assertThat(
            onEvent(
                EventBuilder.named(
                    "kernel_module", List.of(new Argument("load", "x", Value.of("no object"))))))
        .containsExactly(reason);
  }

  @Test
  void saysNothing_ofOtherEvents() {
    assertThat(onEvent(EventBuilder.named("module_load", List.of()))).isEmpty();
  }

  private List<String> onEvent(Event event) {
    var said = new ArrayList<String>();
    signature.onEvent(
        event,
        new Verdict() {
          @Override
          public void raise(@Nullable Value data) {
            said.add("finding");
          }

          @Override
          public void malformed(String reason) {
            said.add(reason);
          }
        });
    return said;
  }
}
