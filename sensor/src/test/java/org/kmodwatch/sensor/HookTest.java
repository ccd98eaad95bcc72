package org.kmodwatch.sensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Collections;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.kmodwatch.sensor.kernel.BpfObject;
import org.kmodwatch.sensor.kernel.LibBpf;

/** Compares the hooks that Java knows with the programs in the object file. */
final class HookTest {

  @ParameterizedTest
  @EnumSource
  void eachHook_hasItsPrograms_inEachObjectFile(Reads reads) {
    try (BpfObject object = BpfObject.open(LibBpf.load(), reads.objectFile())) {
      assertThat(object.programs())
          .extracting(BpfObject.Program::section)
          .containsExactlyInAnyOrderElementsOf(
              Arrays.stream(Hook.values())
                  .filter(hook -> !hook.sleeps() || reads == Reads.BY_HELPER)
                  .map(Hook::target)
                  .flatMap(target -> Collections.nCopies(programs(target), target).stream())
                  .toList());
    }
  }

  /**
   * Returns the number of programs: entry and return of a call have a second program, in case the
   * kernel skips the first.
   */
  private static int programs(String target) {
    return target.matches("f(entry|exit)/__.*_sys_.*") ? 2 : 1;
  }

  @Test
  void hooksThatSleep_areAtTheEntryOfEachCall_andNotRequired() {
    assertThat(Hook.values())
        .filteredOn(Hook::sleeps)
        .extracting(Hook::place)
        .containsExactlyInAnyOrderElementsOf(
            Arrays.stream(Hook.values())
                .map(Hook::target)
                .filter(target -> target.matches("fentry/__.*_sys_.*"))
                .map(target -> target.substring("fentry/".length()))
                .toList());
    assertThat(Hook.values()).filteredOn(Hook::sleeps).noneMatch(Hook::required);
  }

  @Test
  void hooks_areOnModuleWorkOnly_soThatNothingElseGetsSlower() {
    assertThat(Hook.values())
        .allSatisfy(
            hook ->
                assertThat(hook.place())
                    .matches(
                        "__(x64|ia32|arm64)_sys_(init|finit|delete)_module"
                            + "|security_kernel_(read_file|post_read_file|load_data|post_load_data|module_request)"
                            + "|module_(load|free|request)|klp_module_coming|module_sig_check|do_init_module"));
  }
}
