package org.kmodwatch.core.builtin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.kmodwatch.core.builtin.Judging.FINDING;
import static org.kmodwatch.core.builtin.Judging.judge;
import static org.kmodwatch.core.testing.LoadRecordBuilder.fromMemory;
import static org.kmodwatch.core.testing.LoadRecordBuilder.load;

import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.kmodwatch.core.load.LoadRecord.Outcome;

@NullMarked
class MemoryOnlyLoadTest {

  private final MemoryOnlyLoad signature = new MemoryOnlyLoad();

  @Test
  void raises_whenNoFileIsKnown() {
    assertThat(judge(signature, fromMemory())).containsExactly(FINDING);
  }

  @Test
  void raises_whenItsInitFailedButRan() {
    assertThat(judge(signature, fromMemory().outcome(Outcome.FAILED).codeMayHaveRun()))
        .containsExactly(FINDING);
  }

  @Test
  void isSilent_whenItsFileIsKnown_asOfLibkmodAndBusybox() {
    assertThat(judge(signature, fromMemory().withFile())).isEmpty();
  }

  @Test
  void raises_whenAFileWasTriedBefore_thatIsNotTheModules() {
    judge(signature, load().id("0").outcome(Outcome.REFUSED));
    assertThat(judge(signature, fromMemory().retryOf("0"))).containsExactly(FINDING);
  }

  @Test
  void isSilent_whenTheKernelRefused() {
    assertThat(judge(signature, fromMemory().outcome(Outcome.REFUSED))).isEmpty();
    assertThat(judge(signature, fromMemory().outcome(Outcome.FAILED))).isEmpty();
  }

  @Test
  void isSilent_onFilesUnloadsAndWhatWasThereBefore() {
    assertThat(judge(signature, load())).isEmpty();
    assertThat(judge(signature, fromMemory().unloaded())).isEmpty();
    assertThat(judge(signature, fromMemory().preExisting())).isEmpty();
  }
}
