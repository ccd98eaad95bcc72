package org.kmodwatch.core.builtin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.kmodwatch.core.builtin.Judging.data;
import static org.kmodwatch.core.builtin.Judging.judge;
import static org.kmodwatch.core.testing.LoadRecordBuilder.load;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.core.load.LoadRecord.ModuleSignature.Status;
import org.kmodwatch.core.load.LoadRecord.Outcome;

@NullMarked
class UnsignedOrForcedLoadTest {

  private final UnsignedOrForcedLoad signature = new UnsignedOrForcedLoad();

  @Test
  void raises_onTaints() {
    assertThat(judge(signature, load().taints("OUT_OF_TREE", "UNSIGNED")))
        .containsExactly(
            data(
                Map.of(
                    "taints",
                    Value.ofStrings(List.of("UNSIGNED")),
                    "flags",
                    Value.ofStrings(List.of()))));
    assertThat(judge(signature, load().taints("FORCED")))
        .containsExactly(
            data(
                Map.of(
                    "taints",
                    Value.ofStrings(List.of("FORCED")),
                    "flags",
                    Value.ofStrings(List.of()))));
  }

  @Test
  void raises_onFlagsThatSwitchChecksOff() {
    assertThat(judge(signature, load().flags("IGNORE_VERMAGIC", "COMPRESSED_FILE")))
        .containsExactly(
            data(
                Map.of(
                    "taints",
                    Value.ofStrings(List.of()),
                    "flags",
                    Value.ofStrings(List.of("IGNORE_VERMAGIC")))));
  }

  @Test
  void raises_onAModuleOfNobodysTree_whereTheKernelDoesNotLookForSignatures() {
    assertThat(judge(signature, load().intree(false).signature(Status.UNSIGNED, null)))
        .containsExactly(
            data(
                Map.of(
                    "taints",
                    Value.ofStrings(List.of()),
                    "flags",
                    Value.ofStrings(List.of()),
                    "signature",
                    Value.of("unsigned"),
                    "intree",
                    Value.of(false))));
    assertThat(judge(signature, load().intree(false).signature(Status.UNKNOWN_KEY, "Somebody")))
        .containsExactly(
            data(
                Map.of(
                    "taints",
                    Value.ofStrings(List.of()),
                    "flags",
                    Value.ofStrings(List.of()),
                    "signature",
                    Value.of("unknown key"),
                    "signer",
                    Value.of("Somebody"),
                    "intree",
                    Value.of(false))));
    assertThat(judge(signature, load().intree(true).signature(Status.UNSIGNED, null))).isEmpty();
  }

  @Test
  void raises_whenTheLoadFailedAfterCodeRan() {
    assertThat(judge(signature, load().taints("UNSIGNED").outcome(Outcome.FAILED).codeMayHaveRun()))
        .containsExactly(
            data(
                Map.of(
                    "taints",
                    Value.ofStrings(List.of("UNSIGNED")),
                    "flags",
                    Value.ofStrings(List.of()))));
  }

  @Test
  void isSilent_whenNoCodeRan() {
    assertThat(
            judge(
                signature,
                load().taints("UNSIGNED").flags("IGNORE_VERMAGIC").outcome(Outcome.REFUSED)))
        .isEmpty();
  }

  @Test
  void isSilent_onACallThatWaitedForAnother() {
    assertThat(judge(signature, load().flags("IGNORE_VERMAGIC").waitedOn("0"))).isEmpty();
  }

  @Test
  void isSilent_onOtherTaintsAndFlags() {
    assertThat(judge(signature, load())).isEmpty();
    assertThat(
            judge(signature, load().taints("OUT_OF_TREE", "PROPRIETARY").flags("COMPRESSED_FILE")))
        .isEmpty();
  }

  @Test
  void isSilent_onWhatWasThereBefore() {
    assertThat(judge(signature, load().taints("UNSIGNED").preExisting())).isEmpty();
  }
}
