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
class UnlinkedFileLoadTest {

  private final UnlinkedFileLoad signature = new UnlinkedFileLoad();

  @Test
  void raises_onAMemfd() {
    assertThat(judge(signature, fromFile("/memfd:x", Place.MEMFD, true))).containsExactly(FINDING);
    assertThat(judge(signature, fromFile("/memfd:x", Place.MEMFD, false))).containsExactly(FINDING);
  }

  @Test
  void raises_onADeletedFile_whereverItWas() {
    assertThat(judge(signature, fromFile("/tmp/x.ko", Place.TEMPORARY, true)))
        .containsExactly(FINDING);
    assertThat(judge(signature, fromFile("/lib/modules/6.12.117/x.ko", Place.DISTRIBUTION, true)))
        .containsExactly(FINDING);
  }

  @Test
  void raises_onAnAttemptThatFailed() {
    assertThat(judge(signature, fromFile("/memfd:x", Place.MEMFD, true).outcome(Outcome.REFUSED)))
        .containsExactly(FINDING);
  }

  @Test
  void isSilent_onFilesWithAName() {
    assertThat(judge(signature, load())).isEmpty();
    assertThat(judge(signature, fromFile("/tmp/x.ko", Place.TEMPORARY, false))).isEmpty();
  }

  @Test
  void isSilent_withoutAFile() {
    assertThat(judge(signature, fromMemory())).isEmpty();
  }
}
