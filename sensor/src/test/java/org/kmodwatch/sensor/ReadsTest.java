package org.kmodwatch.sensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.kmodwatch.sensor.kernel.BpfObject;

final class ReadsTest {

  /** Marks a call of a helper by its number: BPF_JMP | BPF_CALL, without registers and offset. */
  private static final int HELPER_CALL = 0x85;

  private static final int INSTRUCTION_BYTES = 8;

  // Offsets in Elf64_Ehdr and Elf64_Shdr, include/uapi/linux/elf.h.
  private static final int E_SHOFF = 40;
  private static final int E_SHENTSIZE = 58;
  private static final int E_SHNUM = 60;
  private static final int SH_FLAGS = 8;
  private static final int SH_OFFSET = 24;
  private static final int SH_SIZE = 32;
  private static final long SHF_EXECINSTR = 4;

  /**
   * Lists the numbers of bpf_probe_read and bpf_probe_read_str, for any, user and kernel memory.
   */
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

  /**
   * Returns the numbers of the helpers that the code calls, in all sections with instructions of
   * the ELF64 file.
   */
  private static Set<Integer> helpersOf(Reads reads) {
    ByteBuffer elf = ByteBuffer.wrap(reads.objectFile()).order(ByteOrder.LITTLE_ENDIAN);
    var helpers = new TreeSet<Integer>();
    int headers = Math.toIntExact(elf.getLong(E_SHOFF));
    for (int i = 0; i < elf.getShort(E_SHNUM); i++) {
      int header = headers + i * elf.getShort(E_SHENTSIZE);
      if ((elf.getLong(header + SH_FLAGS) & SHF_EXECINSTR) != 0) {
        int start = Math.toIntExact(elf.getLong(header + SH_OFFSET));
        int end = start + Math.toIntExact(elf.getLong(header + SH_SIZE));
        for (int at = start; at < end; at += INSTRUCTION_BYTES) {
          if (elf.getInt(at) == HELPER_CALL) {
            helpers.add(elf.getInt(at + 4));
          }
        }
      }
    }
    return helpers;
  }
}
