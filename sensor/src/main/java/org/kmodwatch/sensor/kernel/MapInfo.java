package org.kmodwatch.sensor.kernel;

import static org.kmodwatch.sensor.kernel.Native.INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** What the kernel says of a map; {@code struct bpf_map_info} of {@code linux/bpf.h}. */
final class MapInfo {

  /** struct bpf_map_info as far as map_flags. */
  private static final int MAP_BYTES = 24;

  private static final long MAP_MAX_ENTRIES = 16;

  private MapInfo() {}

  /**
   * How many entries, or for a ring how many bytes, a map has.
   *
   * @throws KernelException if the kernel does not say
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
