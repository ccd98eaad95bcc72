package org.kmodwatch.core.builtin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.kmodwatch.core.builtin.Judging.data;
import static org.kmodwatch.core.builtin.Judging.judge;
import static org.kmodwatch.core.testing.LoadRecordBuilder.load;

import java.util.Map;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.core.load.LoadRecord.ModuleSignature.Status;
import org.kmodwatch.core.load.LoadRecord.Outcome;

@NullMarked
class OutOfTreeLoadTest {

  private final OutOfTreeLoad signature = new OutOfTreeLoad();

  @Test
  void raises_onASignedModuleOfAnotherTree_andSaysWhoseItIs() {
    assertThat(
            judge(
                signature,
                load()
                    .taints("OUT_OF_TREE")
                    .intree(false)
                    .signature(Status.VALID, "Vendor")
                    .ownedBy("vendor-dkms")))
        .containsExactly(
            data(
                Map.of(
                    "signature",
                    Value.of("valid"),
                    "signer",
                    Value.of("Vendor"),
                    "license",
                    Value.of("GPL"),
                    "package",
                    Value.of("vendor-dkms"))));
  }

  @Test
  void raises_onTheKernelsMarkAlone() {
    assertThat(judge(signature, load().taints("OUT_OF_TREE"))).hasSize(1);
  }

  @Test
  void leavesTheUnsignedToItsOwnSignature() {
    assertThat(judge(signature, load().taints("OUT_OF_TREE", "UNSIGNED"))).isEmpty();
    assertThat(judge(signature, load().intree(false).signature(Status.UNSIGNED, null))).isEmpty();
  }

  @Test
  void isSilent_onTheKernelsOwn_andWhenNoCodeRan() {
    assertThat(judge(signature, load().intree(true).signature(Status.VALID, "Debian"))).isEmpty();
    assertThat(judge(signature, load())).isEmpty();
    assertThat(judge(signature, load().taints("OUT_OF_TREE").outcome(Outcome.REFUSED))).isEmpty();
    assertThat(judge(signature, load().taints("OUT_OF_TREE").waitedOn("0"))).isEmpty();
    assertThat(judge(signature, load().taints("OUT_OF_TREE").preExisting())).isEmpty();
  }
}
