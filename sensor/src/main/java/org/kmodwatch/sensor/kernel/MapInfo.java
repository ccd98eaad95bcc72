package org.kmodwatch.sensor.kernel;

import static org.kmodwatch.sensor.kernel.Native.INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Reads the kernel's description of a map: {@code struct bpf_map_info} of {@code linux/bpf.h}. */
final class MapInfo {

  /** The size of struct bpf_map_info up to and including map_flags. */
  private static final int MAP_BYTES = 24;

  private static final long MAP_MAX_ENTRIES = 16;

  private MapInfo() {}

  /**
   * Returns a map's number of entries, or a ring's number of bytes.
   *
   * @throws KernelException if the kernel does not report it
   */
  static int maxEntries(LibBpf lib, int mapFd) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment info = arena.allocate(MAP_BYTES, Long.BYTES);
      if (ProgramInfo.read(lib, arena, mapFd, info) < MAP_BYTES) {
        throw new KernelException("the size of a map cannot be read", Native.errno());
      }
      return info.get(INT, MAP_MAX_ENTRIES);
    }
  }
}
