package org.kmodwatch.core.builtin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.kmodwatch.core.builtin.Judging.FINDING;
import static org.kmodwatch.core.builtin.Judging.judge;
import static org.kmodwatch.core.testing.LoadRecordBuilder.load;

import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.kmodwatch.core.load.LoadRecord.Outcome;

@NullMarked
class CodeRanLoadFailedTest {

  private final CodeRanLoadFailed signature = new CodeRanLoadFailed();

  @Test
  void raises_whenTheLoadFailedAfterCodeMayHaveRun() {
    assertThat(judge(signature, load().outcome(Outcome.FAILED).codeMayHaveRun()))
        .containsExactly(FINDING);
    assertThat(judge(signature, load().outcome(Outcome.REFUSED).codeMayHaveRun()))
        .containsExactly(FINDING);
  }

  @Test
  void isSilent_whenNoCodeRan() {
    assertThat(judge(signature, load().outcome(Outcome.FAILED))).isEmpty();
  }

  @Test
  void isSilent_whenTheModuleIsLoaded() {
    assertThat(judge(signature, load())).isEmpty();
    assertThat(judge(signature, load().codeMayHaveRun())).isEmpty();
  }

  @Test
  void isSilent_onUnloads() {
    assertThat(judge(signature, load().codeMayHaveRun().unloaded())).isEmpty();
  }
}
