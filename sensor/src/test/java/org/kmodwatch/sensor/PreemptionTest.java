package org.kmodwatch.sensor;

import static org.assertj.core.api.Assertions.assertThat;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class PreemptionTest {

  @ParameterizedTest
  @CsvSource({
    "#1 SMP PREEMPT_RT Debian 6.1.176-1 (2026-06-01), , true",
    "#1 SMP PREEMPT Debian 6.1.176-1 (2026-06-01), , true",
    "#1 SMP PREEMPT_DYNAMIC Debian 6.1.176-1 (2026-06-01), none (voluntary) full, false",
    "#1 SMP PREEMPT_DYNAMIC Debian 6.12.117-1 (2026-06-01), (none) voluntary full, false",
    "#1 SMP PREEMPT_DYNAMIC Arch Linux, none voluntary (full), true",
    "#1 SMP PREEMPT_DYNAMIC Arch Linux, full (lazy), true",
    "#1 SMP PREEMPT_DYNAMIC Debian 6.1.176-1 (2026-06-01), , true",
    "#1 SMP Debian 5.10.1-1 (2026-06-01), , false",
    ", , true",
  })
  void preemption_isPossible_unlessTheKernelSaysOtherwise(
      @Nullable String version, @Nullable String mode, boolean possible) {
    assertThat(Preemption.isPossible(version, mode)).isEqualTo(possible);
  }
}
