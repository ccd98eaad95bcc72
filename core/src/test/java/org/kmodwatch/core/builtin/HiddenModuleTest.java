package org.kmodwatch.core.builtin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.kmodwatch.core.builtin.Judging.FINDING;
import static org.kmodwatch.core.builtin.Judging.judge;

import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.kmodwatch.core.signature.EventSelector;
import org.kmodwatch.core.testing.EventBuilder;

@NullMarked
class HiddenModuleTest {

  @Test
  void raises_wheneverAModuleIsReportedHidden() {
    assertThat(judge(new HiddenModule(), EventBuilder.named("module_hidden", null)))
        .containsExactly(FINDING);
  }

  @Test
  void isSilent_onOtherEvents() {
    assertThat(judge(new HiddenModule(), EventBuilder.named("module_load", null))).isEmpty();
  }

  @Test
  void selects_itsOneEvent() {
    assertThat(new HiddenModule().selectedEvents())
        .containsExactly(new EventSelector("tracee", "module_hidden", "*"));
  }
}
