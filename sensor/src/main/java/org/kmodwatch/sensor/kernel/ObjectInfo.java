package org.kmodwatch.sensor.kernel;

import static org.kmodwatch.sensor.kernel.Native.INT;
import static org.kmodwatch.sensor.kernel.Native.LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;
import java.util.StringJoiner;

/**
 * Describes programs, links and maps in a line each: {@code struct bpf_prog_info}, {@code
 * bpf_link_info} and {@code bpf_map_info} of include/uapi/linux/bpf.h. A query by descriptor needs
 * no privilege. To get a descriptor by id would need CAP_SYS_ADMIN.
 */
final class ObjectInfo {

  /**
   * The size up to and including attach_btf_id, of Linux 6.0. An older kernel leaves the end zero.
   */
  private static final int PROG_BYTES = 232;

  private static final long PROG_ID = 4;
  private static final long PROG_TAG = 8;
  private static final int PROG_TAG_BYTES = 8;
  private static final long PROG_NR_MAP_IDS = 52;
  private static final long PROG_MAP_IDS = 56;
  private static final long PROG_ATTACH_BTF_OBJ_ID = 220;
  private static final long PROG_ATTACH_BTF_ID = 224;
  private static final int MAPS_MAX = 64;

  private static final int LINK_BYTES = 64;
  private static final long LINK_TYPE = 0;
  private static final long LINK_ID = 4;
  private static final long LINK_PROG_ID = 8;
  private static final long LINK_TP_NAME = 16;
  private static final long LINK_TP_NAME_LEN = 24;
  private static final long LINK_ATTACH_TYPE = 16;
  private static final long LINK_TARGET_OBJ_ID = 20;
  private static final long LINK_TARGET_BTF_ID = 24;
  private static final int RAW_TRACEPOINT = 1;
  private static final int TP_NAME_BYTES = 128;

  private static final int MAP_BYTES = 24;
  private static final long MAP_TYPE = 0;
  private static final long MAP_ID = 4;
  private static final long MAP_MAX_ENTRIES = 16;

  private ObjectInfo() {}

  /**
   * Describes a program.
   *
   * @throws KernelException if the kernel does not describe it
   */
  static String ofProgram(LibBpf lib, int fd) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment info = arena.allocate(PROG_BYTES, Long.BYTES);
      MemorySegment maps = arena.allocate(INT, MAPS_MAX);
      info.set(LONG, PROG_MAP_IDS, maps.address());
      info.set(INT, PROG_NR_MAP_IDS, MAPS_MAX);
      read(lib, arena, fd, info);
      var ids = new StringJoiner(",");
      for (int i = 0; i < Math.min(info.get(INT, PROG_NR_MAP_IDS), MAPS_MAX); i++) {
        ids.add(Integer.toString(maps.getAtIndex(INT, i)));
      }
      byte[] tag = info.asSlice(PROG_TAG, PROG_TAG_BYTES).toArray(ValueLayout.JAVA_BYTE);
      return "program id=%d tag=%s hook=%d:%d maps=%s"
          .formatted(
              info.get(INT, PROG_ID),
              HexFormat.of().formatHex(tag),
              info.get(INT, PROG_ATTACH_BTF_OBJ_ID),
              info.get(INT, PROG_ATTACH_BTF_ID),
              ids);
    }
  }

  /**
   * Describes a link.
   *
   * @throws KernelException if the kernel does not describe it
   */
  static String ofLink(LibBpf lib, int fd) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment info = arena.allocate(LINK_BYTES, Long.BYTES);
      MemorySegment tracepoint = arena.allocate(TP_NAME_BYTES);
      // Other types of links overwrite these fields.
      info.set(LONG, LINK_TP_NAME, tracepoint.address());
      info.set(INT, LINK_TP_NAME_LEN, TP_NAME_BYTES);
      read(lib, arena, fd, info);
      String hook =
          info.get(INT, LINK_TYPE) == RAW_TRACEPOINT
              ? tracepoint.getString(0)
              : "%d:%d:%d"
                  .formatted(
                      info.get(INT, LINK_ATTACH_TYPE),
                      info.get(INT, LINK_TARGET_OBJ_ID),
                      info.get(INT, LINK_TARGET_BTF_ID));
      return "link id=%d program=%d hook=%s"
          .formatted(info.get(INT, LINK_ID), info.get(INT, LINK_PROG_ID), hook);
    }
  }

  /**
   * Describes a map.
   *
   * @throws KernelException if the kernel does not describe it
   */
  static String ofMap(LibBpf lib, int fd) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment info = arena.allocate(MAP_BYTES, Long.BYTES);
      read(lib, arena, fd, info);
      return "map id=%d type=%d entries=%d"
          .formatted(
              info.get(INT, MAP_ID), info.get(INT, MAP_TYPE), info.get(INT, MAP_MAX_ENTRIES));
    }
  }

  private static void read(LibBpf lib, Arena arena, int fd, MemorySegment info) {
    if (ProgramInfo.read(lib, arena, fd, info) == 0) {
      throw new KernelException("what is pinned cannot be described", Native.errno());
    }
  }
}
