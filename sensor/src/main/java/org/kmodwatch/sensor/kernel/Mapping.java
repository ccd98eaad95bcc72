package org.kmodwatch.sensor.kernel;

import java.lang.foreign.MemorySegment;

/** Maps memory with {@code mmap(2)}: the kernel's rings, and private memory. */
@SuppressWarnings("restricted") // native access is this package's purpose
final class Mapping {

  private static final int PROT_READ = 1;
  private static final int PROT_WRITE = 2;
  private static final int MAP_SHARED = 1;
  private static final int MAP_PRIVATE = 2;
  private static final int MAP_ANONYMOUS = 0x20;
  private static final int NO_FD = -1;
  private static final long MAP_FAILED = -1;

  private static final CFunction MMAP = CFunction.of(Native.libc(), "mmap");
  private static final CFunction MUNMAP = CFunction.of(Native.libc(), "munmap");

  private Mapping() {}

  /** Maps a part of a BPF map to read and write. */
  static MemorySegment writable(int fd, long bytes, long offset) {
    return map("the ring buffer", bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset);
  }

  /** Maps a part of a BPF map to read. */
  static MemorySegment readOnly(int fd, long bytes, long offset) {
    return map("the ring buffer", bytes, PROT_READ, MAP_SHARED, fd, offset);
  }

  /** Maps private memory, all zero. The kernel allocates a page when it is first touched. */
  static MemorySegment anonymous(long bytes) {
    return map(
        "memory for an image",
        bytes,
        PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS,
        NO_FD,
        0);
  }

  /** Unmaps a mapping. Nothing may use the mapping afterwards. */
  static void unmap(MemorySegment segment) {
    if (segment.byteSize() == 0) {
      return;
    }
    int result = (int) MUNMAP.call(segment.address(), segment.byteSize());
    assert result == 0;
  }

  private static MemorySegment map(
      String what, long bytes, int protection, int flags, int fd, long offset) {
    var address = Native.pointer(MMAP.call(0, bytes, protection, flags, fd, offset));
    if (address.address() == MAP_FAILED) {
      throw new KernelException(what + " cannot be mapped", Native.errno());
    }
    return address.reinterpret(bytes);
  }
}
