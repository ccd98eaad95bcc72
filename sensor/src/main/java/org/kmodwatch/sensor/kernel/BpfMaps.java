package org.kmodwatch.sensor.kernel;

import static org.kmodwatch.sensor.kernel.Native.INT;
import static org.kmodwatch.sensor.kernel.Native.LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;

/** The maps of programs that are in the kernel, whoever brought them there. Not thread-safe. */
public abstract sealed class BpfMaps permits BpfObject, PinnedPrograms {

  final LibBpf lib;

  BpfMaps(LibBpf lib) {
    this.lib = lib;
  }

  /** The descriptor of a map. */
  abstract int mapFd(String name);

  /**
   * The descriptor of what has, or is to have, a name within a set of pins.
   *
   * @throws KernelException if this process does not have it
   */
  abstract int pinFd(String name);

  /** What has this name within a set of pins, as this process has it. */
  public final Pin pin(String name) {
    return new Pin(name, Pins.identity(lib, name, pinFd(name)));
  }

  /**
   * Gives what this process has a name in the BPF file system.
   *
   * @param folder of the set
   * @param name within the set
   * @throws KernelException if the kernel refuses
   */
  public final void putPin(Path folder, String name) {
    Pins.pin(lib, pinFd(name), folder.resolve(name));
  }

  /**
   * Keeps everybody, root too, from writing a map by bpf(2), for as long as it is there. Programs
   * still may.
   *
   * @throws KernelException if the kernel refuses
   */
  public final void freeze(String name) {
    int result = (int) lib.mapFreeze.call(mapFd(name));
    if (result != 0) {
      throw new KernelException("the map " + name + " cannot be frozen", Native.errno());
    }
  }

  /** A hash or an array that is not per-CPU. */
  public BpfMap map(String name, int keyBytes, int valueBytes) {
    return new BpfMap(lib, mapFd(name), name, keyBytes, valueBytes);
  }

  /**
   * The ring buffer map of this name, mapped into memory.
   *
   * @param sizeBytes the ring's size
   * @param windowBytes how much of its data is mapped at once, at most twice its size
   */
  public RingBuffer ringBuffer(String name, int sizeBytes, int windowBytes) {
    return RingBuffer.map(mapFd(name), sizeBytes, windowBytes);
  }

  /** The same, of whatever size it is. */
  public RingBuffer ringBuffer(String name, int windowBytes) {
    return ringBuffer(name, MapInfo.maxEntries(lib, mapFd(name)), windowBytes);
  }

  /** How many records are in the ring buffer map of this name; they stay there. */
  public int recordsInRing(String name) {
    int size = MapInfo.maxEntries(lib, mapFd(name));
    try (RingBuffer ring = ringBuffer(name, size, size)) {
      ring.keepUntilCommitted();
      ring.check(0);
      return ring.read(record -> {});
    }
  }

  /** The sums over all processors of a per-CPU array of {@code entries} 64-bit counters. */
  public long[] sumsOfPerCpuArray(String name, int entries) {
    var sums = new long[entries];
    for (int i = 0; i < entries; i++) {
      sums[i] = Arrays.stream(perCpu(name, i)).sum();
    }
    return sums;
  }

  /** What each processor has in an entry of a per-CPU array of 64-bit counters. */
  public long[] perCpu(String name, int entry) {
    try (Arena values = Arena.ofConfined()) {
      int cpus = (int) lib.numPossibleCpus.call();
      MemorySegment key = values.allocate(INT);
      key.set(INT, 0, entry);
      MemorySegment value = values.allocate(LONG, cpus);
      int result = (int) lib.mapLookupElem.call(mapFd(name), key.address(), value.address());
      if (result != 0) {
        throw new KernelException("the counters cannot be read", Native.errno());
      }
      return value.toArray(LONG);
    }
  }
}
