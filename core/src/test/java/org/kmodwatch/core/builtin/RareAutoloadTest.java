package org.kmodwatch.core.builtin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.kmodwatch.core.builtin.Judging.data;
import static org.kmodwatch.core.builtin.Judging.judge;
import static org.kmodwatch.core.testing.LoadRecordBuilder.load;
import static org.kmodwatch.core.testing.LoadRecordBuilder.request;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.kmodwatch.core.event.Value;

@NullMarked
class RareAutoloadTest {

  private final RareAutoload signature = new RareAutoload();

  @Test
  void raises_withTheReason_whenAnOrdinaryUserAsksForARareFamily() {
    assertThat(judge(signature, load().requester("net-pf-9", 65534, null)))
        .containsExactly(
            data(
                Map.of(
                    "alias",
                    Value.of("net-pf-9"),
                    "pattern",
                    Value.of("net-pf-9"),
                    "why",
                    Value.of("X.25 packet layer"))));
    assertThat(judge(signature, load().requester("net-pf-2-proto-132-type-1", 1000, null)))
        .containsExactly(
            data(
                Map.of(
                    "alias",
                    Value.of("net-pf-2-proto-132-type-1"),
                    "pattern",
                    Value.of("net-pf-2-proto-132*"),
                    "why",
                    Value.of("SCTP: telephony"))));
  }

  @Test
  void raises_whereTheRequestWasRefusedOrLedToNothing() {
    assertThat(judge(signature, request("net-pf-38", 65534))).hasSize(1);
    assertThat(judge(signature, request("net-pf-38", 0))).isEmpty();
    assertThat(judge(signature, request("net-pf-10", 65534))).isEmpty();
    assertThat(judge(signature, request(null, 65534))).isEmpty();
  }

  @Test
  void raises_onEachKindInTheList() {
    for (String alias :
        List.of(
            "net-pf-21",
            "net-pf-38",
            "tty-ldisc-21",
            "binfmt-fffe",
            "fs-befs",
            "can-proto-6",
            "algif-hash",
            "net-sch-qfq",
            "char-major-14-3")) {
      assertThat(judge(signature, load().requester(alias, 1000, null))).as(alias).hasSize(1);
    }
  }

  @Test
  void isSilent_whenRootAsks() {
    assertThat(judge(signature, load().requester("net-pf-9", 0, null))).isEmpty();
  }

  @Test
  void isSilent_onFamiliesInCommonUse() {
    for (String alias :
        List.of(
            "net-pf-10",
            "net-pf-99",
            "net-pf-16-proto-4-type-2",
            "net-pf-2-proto-6-type-1",
            "fs-fuse",
            "fs-ext4",
            "netdev-eth0",
            "tty-ldisc",
            "char-major-10-229")) {
      assertThat(judge(signature, load().requester(alias, 1000, null))).as(alias).isEmpty();
    }
  }

  @Test
  void isSilent_whenNobodyAskedThroughTheKernel() {
    assertThat(judge(signature, load())).isEmpty();
  }
}
