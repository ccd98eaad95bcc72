package org.kmodwatch.sensor;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class VerifierLogTest {

  @Test
  void decisiveLine_isTheVerifiersLastBeforeItsStatistics() {
    String messages =
        """
        libbpf: prog 'x': BPF program load failed: Permission denied
        libbpf: prog 'x': -- BEGIN PROG LOAD LOG --
        ; n = bpf_ringbuf_output(&ring, r, len, 0);
        159: (85) call bpf_ringbuf_output#130
        R3 unbounded memory access, use 'var &= const' or 'if (var < const)'
        processed 240 insns (limit 1000000) max_states_per_insn 1 total_states 21 peak_states 21 mark_read 9
        -- END PROG LOAD LOG --
        libbpf: prog 'x': failed to load: -13
        """;

    assertThat(VerifierLog.decisiveLine(messages))
        .isEqualTo("R3 unbounded memory access, use 'var &= const' or 'if (var < const)'");
  }

  @Test
  void decisiveLine_isLibbpfsFirst_whenTheVerifierDidNotSpeak() {
    assertThat(VerifierLog.decisiveLine("libbpf: failed to find 'x'\nlibbpf: failed to load\n"))
        .isEqualTo("failed to find 'x'");
    assertThat(VerifierLog.decisiveLine("")).isEmpty();
  }
}
