package org.kmodwatch.sensor.kernel;

import static org.kmodwatch.sensor.kernel.Native.INT;
import static org.kmodwatch.sensor.kernel.Native.LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Tests whether the kernel lets a program sleep at the entry of a function. Only an attempt shows
 * this. kernel/bpf/verifier.c accepts system calls if the kernel is built for errors to be injected
 * into them. Newer kernels accept those of the native table in any case.
 */
public final class SleepableEntry {

  // include/uapi/linux/bpf.h.
  private static final int PROG_TYPE_TRACING = 26;
  private static final int TRACE_FENTRY = 24;
  private static final int F_SLEEPABLE = 1 << 4;

  /** BPF_ALU64 | BPF_MOV | BPF_K: r0 = 0. */
  private static final long RETURN_VALUE_0 = 0xb7;

  /** BPF_JMP | BPF_EXIT. */
  private static final long EXIT = 0x95;

  // The layout of struct bpf_prog_load_opts of libbpf's bpf.h, up to and including
  // attach_btf_obj_fd.
  private static final int OPTIONS_BYTES = 48;
  private static final long OPTIONS_SIZE = 0;
  private static final long EXPECTED_ATTACH_TYPE = 12;
  private static final long PROG_FLAGS = 20;
  private static final long ATTACH_BTF_ID = 32;

  private SleepableEntry() {}

  /**
   * Loads a program that does nothing, and unloads it.
   *
   * @param btf the running kernel's BTF
   * @param function a function that the kernel has
   * @return whether the kernel refused it permanently; false if something else failed, such as
   *     memory: callers that load more programs get that error
   */
  public static boolean isRefused(LibBpf lib, KernelBtf btf, String function) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment code = arena.allocateFrom(LONG, RETURN_VALUE_0, EXIT);
      MemorySegment options = arena.allocate(OPTIONS_BYTES, Long.BYTES);
      options.set(LONG, OPTIONS_SIZE, OPTIONS_BYTES);
      options.set(INT, EXPECTED_ATTACH_TYPE, TRACE_FENTRY);
      options.set(INT, PROG_FLAGS, F_SLEEPABLE);
      options.set(INT, ATTACH_BTF_ID, btf.functionId(function));
      int fd =
          (int)
              lib.programLoad.call(
                  PROG_TYPE_TRACING,
                  arena.allocateFrom("kmodwatch_try").address(),
                  arena.allocateFrom("GPL").address(),
                  code.address(),
                  code.byteSize() / Long.BYTES,
                  options.address());
      if (fd < 0) {
        return Native.errno() == Errnos.EINVAL;
      }
      Descriptors.close(fd);
      return false;
    }
  }
}
