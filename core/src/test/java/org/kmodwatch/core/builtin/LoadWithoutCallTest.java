package org.kmodwatch.core.builtin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.kmodwatch.core.builtin.Judging.data;
import static org.kmodwatch.core.builtin.Judging.judge;
import static org.kmodwatch.core.testing.LoadRecordBuilder.load;

import java.util.Map;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.kmodwatch.core.event.Value;

@NullMarked
class LoadWithoutCallTest {

  private final LoadWithoutCall signature = new LoadWithoutCall();

  @Test
  void raises_withTheReason_whenTheCallWasNotSeen() {
    assertThat(
            judge(
                signature, load().gap("loader.args", "x").gap("route.syscall", "no call was seen")))
        .containsExactly(data(Map.of("why", Value.of("no call was seen"))));
  }

  @Test
  void isSilent_onOtherGapsAndOnUnloads() {
    assertThat(judge(signature, load())).isEmpty();
    assertThat(judge(signature, load().gap("route.flags", "x"))).isEmpty();
    assertThat(judge(signature, load().gap("route.syscall", "x").unloaded())).isEmpty();
  }
}
