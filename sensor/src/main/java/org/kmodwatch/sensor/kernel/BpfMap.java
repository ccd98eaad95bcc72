package org.kmodwatch.sensor.kernel;

import static org.kmodwatch.sensor.kernel.Native.LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;

/** A hash or an array in the kernel that is not per-CPU. It is valid until its object is closed. */
public final class BpfMap {

  private static final long ANY = 0;

  private final LibBpf lib;
  private final int fd;
  private final String name;
  private final int keyBytes;
  private final int valueBytes;

  BpfMap(LibBpf lib, int fd, String name, int keyBytes, int valueBytes) {
    this.lib = lib;
    this.fd = fd;
    this.name = name;
    this.keyBytes = keyBytes;
    this.valueBytes = valueBytes;
  }

  /**
   * Writes an entry. Replaces the entry with this key, if the map has one.
   *
   * @param key the key's bytes, in the machine's order
   * @param value the value's bytes, in the machine's order
   * @throws KernelException if the map has no room
   */
  public void put(byte[] key, byte[] value) {
    try (Arena arena = Arena.ofConfined()) {
      int result =
          (int)
              lib.mapUpdateElem.call(
                  fd, bytes(arena, key).address(), bytes(arena, value).address(), ANY);
      if (result != 0) {
        throw new KernelException("the map " + name + " cannot be written", Native.errno());
      }
    }
  }

  /**
   * Returns the value of an entry.
   *
   * @return the value's bytes, in the machine's order
   * @throws KernelException if the map has no such entry
   */
  public ByteBuffer get(byte[] key) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment value = arena.allocate(valueBytes, Long.BYTES);
      int result = (int) lib.mapLookupElem.call(fd, bytes(arena, key).address(), value.address());
      if (result != 0) {
        throw new KernelException("the map " + name + " cannot be read", Native.errno());
      }
      return ByteBuffer.wrap(value.toArray(ValueLayout.JAVA_BYTE)).order(ByteOrder.nativeOrder());
    }
  }

  /** Removes an entry, if the map has it. */
  public void remove(byte[] key) {
    try (Arena arena = Arena.ofConfined()) {
      int ignored = (int) lib.mapDeleteElem.call(fd, bytes(arena, key).address());
    }
  }

  /** Returns the keys that are in a hash now. May miss a key that is added or removed meanwhile. */
  public List<byte[]> keys() {
    var keys = new ArrayList<byte[]>();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment next = arena.allocate(keyBytes, Long.BYTES);
      MemorySegment previous = MemorySegment.NULL;
      while ((int) lib.mapGetNextKey.call(fd, previous.address(), next.address()) == 0) {
        byte[] key = next.toArray(ValueLayout.JAVA_BYTE);
        keys.add(key);
        previous = bytes(arena, key);
      }
      return keys;
    }
  }

  /**
   * Reads every entry of a hash. May miss an entry that is added or removed meanwhile.
   *
   * @param taker receives key and value, each from 0 to its size, in the machine's order
   */
  public void forEach(BiConsumer<ByteBuffer, ByteBuffer> taker) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment value = arena.allocate(valueBytes, Long.BYTES);
      for (byte[] key : keys()) {
        MemorySegment keySegment = bytes(arena, key);
        if ((int) lib.mapLookupElem.call(fd, keySegment.address(), value.address()) == 0) {
          taker.accept(
              ByteBuffer.wrap(key).order(ByteOrder.nativeOrder()),
              value.asByteBuffer().order(ByteOrder.nativeOrder()));
        }
      }
    }
  }

  /**
   * Removes every entry of a hash that no program writes at the time.
   *
   * @param taker receives key and value, each from 0 to its size, in the machine's order
   */
  public void drain(BiConsumer<ByteBuffer, ByteBuffer> taker) {
    for (byte[] key : keys()) {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment value = arena.allocate(valueBytes, Long.BYTES);
        int result = (int) lib.mapLookupElem.call(fd, bytes(arena, key).address(), value.address());
        if (result == 0) {
          remove(key);
          taker.accept(
              ByteBuffer.wrap(key).order(ByteOrder.nativeOrder()),
              value.asByteBuffer().order(ByteOrder.nativeOrder()));
        }
      }
    }
  }

  private static MemorySegment bytes(Arena arena, byte[] bytes) {
    MemorySegment copy = arena.allocate(bytes.length, LONG.byteSize());
    copy.copyFrom(MemorySegment.ofArray(bytes));
    return copy;
  }
}
