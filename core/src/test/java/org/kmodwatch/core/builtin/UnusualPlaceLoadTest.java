package org.kmodwatch.core.builtin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.kmodwatch.core.builtin.Judging.FINDING;
import static org.kmodwatch.core.builtin.Judging.judge;
import static org.kmodwatch.core.testing.LoadRecordBuilder.fromFile;
import static org.kmodwatch.core.testing.LoadRecordBuilder.fromMemory;
import static org.kmodwatch.core.testing.LoadRecordBuilder.load;

import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.kmodwatch.core.load.LoadRecord.Outcome;
import org.kmodwatch.core.load.LoadRecord.Place;

@NullMarked
class UnusualPlaceLoadTest {

  private final UnusualPlaceLoad signature = new UnusualPlaceLoad();

  @Test
  void raises_onATemporaryFolderAndAHome() {
    assertThat(judge(signature, fromFile("/tmp/x.ko", Place.TEMPORARY, false)))
        .containsExactly(FINDING);
    assertThat(judge(signature, fromFile("/root/x.ko", Place.HOME, false)))
        .containsExactly(FINDING);
  }

  @Test
  void raises_onAnAttemptThatFailed() {
    assertThat(
            judge(signature, fromFile("/tmp/x.ko", Place.TEMPORARY, false).outcome(Outcome.FAILED)))
        .containsExactly(FINDING);
  }

  @Test
  void isSilent_whereAnotherSignatureSaysMore() {
    assertThat(judge(signature, fromFile("/tmp/x.ko", Place.TEMPORARY, true))).isEmpty();
    assertThat(judge(signature, fromFile("/memfd:x", Place.MEMFD, true))).isEmpty();
  }

  @Test
  void isSilent_onOtherPlaces() {
    assertThat(judge(signature, load())).isEmpty();
    assertThat(
            judge(signature, fromFile("/lib/modules/6.12.117/updates/x.ko", Place.UPDATES, false)))
        .isEmpty();
    assertThat(judge(signature, fromFile("/opt/x.ko", Place.OTHER, false))).isEmpty();
    assertThat(judge(signature, fromMemory())).isEmpty();
  }
}
