package org.kmodwatch.sensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;

final class ShortfallTest {

  private static final long SECOND = 1_000_000_000L;

  private final Shortfall shortfall = new Shortfall();
  private final LaneReader.Account account = new LaneReader.Account();

  @Test
  void nothingIsMissing_whenAllThatWasSentCame() {
    came(0, 1);
    came(1, 1);
    look(3, new long[] {1, 1}, 0);

    assertThat(shortfall.missing()).isZero();
  }

  @Test
  void recordsAtTheEndOfAStream_areMissing_whenNothingComesAfterThem() {
    came(0, 1);
    look(4, new long[] {4, 0}, 0);

    assertThat(account.gaps()).isZero();
    assertThat(shortfall.missing()).isEqualTo(3);
  }

  @Test
  void recordsThatFoundNoRoom_areNotMissing() {
    came(0, 1);
    look(4, new long[] {4, 0}, 3);

    assertThat(shortfall.missing()).isZero();
  }

  @Test
  void recordThatIsAboutToBeWritten_isNotMissing_whenItComesLater() {
    shortfall.count(new long[] {1}, 0);
    shortfall.look(0, account, 0, 0);
    came(0, 1);
    look(5, new long[] {1}, 0);

    assertThat(shortfall.missing()).isZero();
  }

  @Test
  void recordsThatAreAboutToBeWritten_areNotMissing_whenOthersAreEachTime() {
    for (int i = 0; i < 10; i++) {
      shortfall.count(new long[] {10L * i + 3}, 0);
      shortfall.look(0, account, 0, i * SECOND);
      for (long record = 10L * i + 1; record <= 10L * i + 10; record++) {
        came(0, record);
      }
      shortfall.count(new long[] {10L * i + 10}, 0);
      shortfall.look(0, account, 0, i * SECOND + 1);
    }

    assertThat(shortfall.missing()).isZero();
  }

  @Test
  void nothingIsSaid_beforeTheRingIsReadThatFar() {
    for (int i = 0; i < 10; i++) {
      if (!shortfall.isPending()) {
        shortfall.count(new long[] {100}, 4096);
      }
      shortfall.look(4095, account, 0, i * SECOND);
    }

    assertThat(shortfall.isPending()).isTrue();
    assertThat(shortfall.missing()).isZero();
  }

  @Test
  void whatIsMissingAtTheEnd_isSaidAtOnce() {
    came(0, 1);
    shortfall.finish(account, new long[] {6, 2}, 1);

    assertThat(shortfall.missing()).isEqualTo(6);
  }

  @Test
  void resumedAccount_missesWhatTheOneBeforeDidNotHave() {
    account.resume(5, new long[] {9, 1});
    came(0, 8);
    look(4, new long[] {9, 1}, 0);

    assertThat(shortfall.missing()).isEqualTo(4);
  }

  private void look(int seconds, long[] sent, long ringFull) {
    for (int i = 0; i <= seconds; i++) {
      shortfall.count(sent, 0);
      shortfall.look(0, account, ringFull, i * SECOND);
    }
  }

  private void came(int cpu, long sequence) {
    account.received(
        ByteBuffer.allocate(RecordLayout.DATA)
            .order(ByteOrder.nativeOrder())
            .putInt(RecordLayout.CPU, cpu)
            .putLong(RecordLayout.SEQUENCE, sequence));
  }
}
