package org.kmodwatch.agent.identity;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.kmodwatch.core.load.LoadRecord.ModuleSignature;
import org.kmodwatch.core.load.LoadRecord.ModuleSignature.Status;

/** By kernel/module/signing.c: what the kernel's own check says of a signature. */
class KernelVerdictTest {

  private static final long EPERM = -1;
  private static final long EBADMSG = -74;
  private static final long EKEYREJECTED = -129;

  private static final ModuleFacts SIGNED =
      new ModuleFacts(
          null,
          null,
          new ModuleFacts.Signer("Debian", "AB:CD", "sha256", null),
          List.of(),
          null,
          true);
  private static final ModuleFacts UNSIGNED =
      new ModuleFacts(null, null, null, List.of(), null, true);
  private static final ModuleFacts BROKEN =
      new ModuleFacts(null, null, null, List.of(), "no module: offset=0x10", true);

  @Test
  void accepted_isValid_andNamesTheSigner() {
    assertThat(new KernelVerdict(true, 0).signature(SIGNED, () -> false))
        .isEqualTo(new ModuleSignature(Status.VALID, "Debian", "AB:CD", "sha256"));
  }

  @Test
  void notAccepted_andGoneOnWith_isByAnUnknownKey() {
    assertThat(status(new KernelVerdict(false, 0), SIGNED, false)).isEqualTo(Status.UNKNOWN_KEY);
    assertThat(status(new KernelVerdict(false, -13), SIGNED, false)).isEqualTo(Status.UNKNOWN_KEY);
    assertThat(status(new KernelVerdict(false, -12), SIGNED, false)).isEqualTo(Status.UNKNOWN_KEY);
    assertThat(status(new KernelVerdict(false, EPERM), SIGNED, false))
        .as("lockdown")
        .isEqualTo(Status.UNKNOWN_KEY);
  }

  @Test
  void refusedByTheCheckItself_isInvalid() {
    assertThat(status(new KernelVerdict(false, EKEYREJECTED), SIGNED, false))
        .isEqualTo(Status.INVALID);
    assertThat(status(new KernelVerdict(false, EBADMSG), SIGNED, true)).isEqualTo(Status.INVALID);
    assertThat(status(new KernelVerdict(false, EBADMSG), BROKEN, false)).isEqualTo(Status.INVALID);
  }

  @Test
  void refusedWhereSignaturesAreEnforced_mayBeAnUnknownKey() {
    assertThat(status(new KernelVerdict(false, EKEYREJECTED), SIGNED, true))
        .isEqualTo(Status.UNKNOWN_KEY);
  }

  @Test
  void nothingAppended_isUnsigned_whateverTheKernelSaid() {
    assertThat(status(new KernelVerdict(false, EKEYREJECTED), UNSIGNED, true))
        .isEqualTo(Status.UNSIGNED);
    assertThat(status(new KernelVerdict(null, 0), UNSIGNED, false)).isEqualTo(Status.UNSIGNED);
  }

  @Test
  void notChecked_isNeverValid() {
    assertThat(status(new KernelVerdict(null, 0), SIGNED, false)).isEqualTo(Status.UNKNOWN_KEY);
    assertThat(status(new KernelVerdict(null, 0), BROKEN, false)).isNull();
  }

  private static @Nullable Status status(
      KernelVerdict verdict, ModuleFacts facts, boolean enforced) {
    ModuleSignature signature = verdict.signature(facts, () -> enforced);
    return signature == null ? null : signature.status();
  }
}
