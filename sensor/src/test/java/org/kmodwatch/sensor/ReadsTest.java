package org.kmodwatch.sensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.kmodwatch.sensor.kernel.BpfObject;

final class ReadsTest {

  /** BPF_JMP | BPF_CALL, without registers and offset: a call of a helper by its number. */
  private static final int HELPER_CALL = 0x85;

  /** bpf_probe_read and bpf_probe_read_str, of anything, of user and of kernel memory. */
  private static final Set<Integer> READING_HELPERS = Set.of(4, 45, 112, 113, 114, 115);

  @Test
  void directReads_callNoHelperThatLockdownForbids() {
    assertThat(helpersOf(Reads.DIRECT)).isNotEmpty().doesNotContainAnyElementsOf(READING_HELPERS);
    assertThat(helpersOf(Reads.BY_HELPER)).containsAll(Set.of(112, 113, 114, 115));
  }

  @Test
  void directReads_areTried_ifOnlyTheHelperIsRefused() {
    String refused = "program of this type cannot use helper bpf_probe_read#4";

    assertThat(Reads.BY_HELPER.areRefusedIn(new BpfObject.Outcome(22, refused))).isTrue();
    assertThat(Reads.BY_HELPER.areRefusedIn(new BpfObject.Outcome(22, "R1 invalid"))).isFalse();
    assertThat(Reads.BY_HELPER.areRefusedIn(new BpfObject.Outcome(0, refused))).isFalse();
    assertThat(Reads.DIRECT.areRefusedIn(new BpfObject.Outcome(22, refused))).isFalse();
  }

  @Test
  void directReads_needNoMemoryForImages_butTellOfThem() {
    assertThat(Reads.DIRECT.imageBufferBytes(64 << 20)).isZero();
    assertThat(Reads.DIRECT.imageBytesMax(64 << 20)).isEqualTo(1);
    assertThat(Reads.DIRECT.imageBytesMax(0)).isZero();
    assertThat(Reads.BY_HELPER.imageBufferBytes(1 << 20)).isEqualTo(1 << 20);
    assertThat(Reads.BY_HELPER.imageBytesMax(1 << 20)).isEqualTo(64L << 20);
    assertThat(Reads.BY_HELPER.imageBytesMax(0)).isZero();
  }

  /** What looks like a call, wherever in the file: sections of code begin at multiples of 8. */
  private static Set<Integer> helpersOf(Reads reads) {
    ByteBuffer elf = ByteBuffer.wrap(reads.objectFile()).order(ByteOrder.LITTLE_ENDIAN);
    var helpers = new TreeSet<Integer>();
    for (int i = 0; i + 8 <= elf.limit(); i += 8) {
      if (elf.getInt(i) == HELPER_CALL) {
        helpers.add(elf.getInt(i + 4));
      }
    }
    return helpers;
  }
}
