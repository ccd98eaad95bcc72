package org.kmodwatch.sensor.kernel;

import static org.kmodwatch.sensor.kernel.Native.INT;
import static org.kmodwatch.sensor.kernel.Native.LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Reads the kernel's description of programs and links: include/uapi/linux/bpf.h. */
final class ProgramInfo {

  /** The size of struct bpf_link_info. Newer kernels have more fields. */
  private static final int LINK_BYTES = 64;

  private static final long LINK_PROG_ID = 8;

  /** The size of struct bpf_prog_info up to and including recursion_misses. */
  private static final int PROG_BYTES = 216;

  private static final long PROG_MISSES = 208;

  private ProgramInfo() {}

  static boolean isAttached(LibBpf lib, int linkFd) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment info = arena.allocate(LINK_BYTES, Long.BYTES);
      return read(lib, arena, linkFd, info) > LINK_PROG_ID && info.get(INT, LINK_PROG_ID) != 0;
    }
  }

  static long misses(LibBpf lib, int programFd) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment info = arena.allocate(PROG_BYTES, Long.BYTES);
      return read(lib, arena, programFd, info) >= PROG_BYTES ? info.get(LONG, PROG_MISSES) : 0;
    }
  }

  /** Returns how many bytes of {@code info} the kernel wrote; 0 if it refused. */
  static int read(LibBpf lib, Arena arena, int fd, MemorySegment info) {
    MemorySegment length = arena.allocate(INT);
    length.set(INT, 0, (int) info.byteSize());
    int result = (int) lib.infoByFd.call(fd, info.address(), length.address());
    return result == 0 ? length.get(INT, 0) : 0;
  }
}
