package org.kmodwatch.sensor.kernel;

import static org.kmodwatch.sensor.kernel.Native.INT;
import static org.kmodwatch.sensor.kernel.Native.LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * The maps of programs that are in the kernel, loaded by this process or by another. Not
 * thread-safe.
 */
public abstract sealed class BpfMaps permits BpfObject, PinnedPrograms {

  final LibBpf lib;

  BpfMaps(LibBpf lib) {
    this.lib = lib;
  }

  /** Returns the descriptor of a map. */
  abstract int mapFd(String name);

  /**
   * Returns the descriptor of the program, link or map with this name in a set of pins. The object
   * may still be unpinned.
   *
   * @throws KernelException if this process does not have it
   */
  abstract int pinFd(String name);

  /**
   * Describes the program, link or map with this name in a set of pins, as this process holds it.
   */
  public final Pin pin(String name) {
    return new Pin(name, Pins.identity(lib, name, pinFd(name)));
  }

  /**
   * Pins a program, link or map of this process in the BPF file system.
   *
   * @param folder the folder of the set
   * @param name the name within the set
   * @throws KernelException if the kernel refuses
   */
  public final void putPin(Path folder, String name) {
    Pins.pin(lib, pinFd(name), folder.resolve(name));
  }

  /**
   * Forbids writes to a map by bpf(2), also by root, for as long as the map exists. Programs may
   * still write it.
   *
   * @throws KernelException if the kernel refuses
   */
  public final void freeze(String name) {
    int result = (int) lib.mapFreeze.call(mapFd(name));
    if (result != 0) {
      throw new KernelException("the map " + name + " cannot be frozen", Native.errno());
    }
  }

  /** Returns a hash or an array that is not per-CPU. */
  public BpfMap map(String name, int keyBytes, int valueBytes) {
    return new BpfMap(lib, mapFd(name), name, keyBytes, valueBytes);
  }

  /**
   * Maps the ring buffer of this name into memory.
   *
   * @param sizeBytes the ring's size
   * @param windowBytes how much of its data is mapped at once, at most twice its size
   */
  public RingBuffer ringBuffer(String name, int sizeBytes, int windowBytes) {
    return RingBuffer.map(mapFd(name), sizeBytes, windowBytes);
  }

  /** Maps the ring buffer of this name into memory, with the size that the kernel reports. */
  public RingBuffer ringBuffer(String name, int windowBytes) {
    return ringBuffer(name, MapInfo.maxEntries(lib, mapFd(name)), windowBytes);
  }

  /** Counts the records in the ring buffer of this name. The records stay in the ring. */
  public int recordsInRing(String name) {
    int size = MapInfo.maxEntries(lib, mapFd(name));
    try (RingBuffer ring = ringBuffer(name, size, size)) {
      ring.keepUntilCommitted();
      ring.check(0);
      return ring.read(record -> {});
    }
  }

  /** Returns the sums over all processors of a per-CPU array of {@code entries} 64-bit counters. */
  public long[] sumsOfPerCpuArray(String name, int entries) {
    var sums = new long[entries];
    for (int i = 0; i < entries; i++) {
      sums[i] = Arrays.stream(perCpu(name, i)).sum();
    }
    return sums;
  }

  /** Returns the value of each processor in one entry of a per-CPU array of 64-bit counters. */
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
