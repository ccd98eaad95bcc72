package org.kmodwatch.sensor.kernel;

import java.lang.foreign.MemorySegment;

/** Memory by {@code mmap(2)}: that of the kernel's rings, and our own. */
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

  /** A part of a BPF map, to read and write. */
  static MemorySegment writable(int fd, long bytes, long offset) {
    return map("the ring buffer", bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset);
  }

  /** A part of a BPF map, to read. */
  static MemorySegment readOnly(int fd, long bytes, long offset) {
    return map("the ring buffer", bytes, PROT_READ, MAP_SHARED, fd, offset);
  }

  /** Memory of our own, all zero; a page of it is taken when it is first touched. */
  static MemorySegment anonymous(long bytes) {
    return map(
        "memory for an image",
        bytes,
        PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS,
        NO_FD,
        0);
  }

  /** Gives back what was mapped; nothing must look at it any more. */
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
