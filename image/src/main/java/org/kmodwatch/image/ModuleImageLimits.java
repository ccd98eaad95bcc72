package org.kmodwatch.image;

import java.time.Duration;

/**
 * The limits for reading a module. The largest modules in distributions have some 30 MiB, and
 * graphics drivers of other vendors some 60 MiB. They compress to a fifth.
 *
 * @param maxImageBytes the largest size of a module
 * @param maxDecompressedBytes the largest size of a decompressed module, which takes as much memory
 * @param maxRatio the largest ratio of decompressed to compressed bytes, beyond the first MiB; xz
 *     makes 7,000 bytes of one if all are zero
 * @param maxParts the largest number of gzip members, zstd frames or xz streams; compressors of
 *     modules make one, parallel ones a few
 * @param maxDictionaryBytes the memory that an xz decoder may take; xz -6 claims 8 MiB, and the
 *     decoder allocates the claimed size at once
 * @param maxDecompressing the longest time for decompression
 * @param maxModinfoBytes the largest size of {@code .modinfo}
 * @param maxSymbols the largest number of symbols in the symbol table
 * @param maxSymbolBytes the largest total length of the names of imported and exported symbols
 */
public record ModuleImageLimits(
    long maxImageBytes,
    long maxDecompressedBytes,
    int maxRatio,
    int maxParts,
    long maxDictionaryBytes,
    Duration maxDecompressing,
    int maxModinfoBytes,
    int maxSymbols,
    int maxSymbolBytes) {

  /**
   * The longest name of a symbol: more than the kernel's limit (KSYM_NAME_LEN), to allow for
   * growth.
   */
  static final int MAX_SYMBOL_NAME_BYTES = 1024;

  /** The largest number of entries. The drivers with the most aliases have some thousands. */
  static final int MAX_MODINFO_ENTRIES = 50_000;

  private static final int MIB = 1 << 20;

  private static final int MAX_PARTS = 64;

  /** The memory that the decoder needs beside the dictionary, in MiB. */
  private static final int XZ_MIB = 1;

  /** The longest time for decompression. A module of 256 MiB takes some seconds. */
  private static final Duration MAX_DECOMPRESSING = Duration.ofSeconds(60);

  /** The limits that fit the present size of Java's heap. */
  public static final ModuleImageLimits DEFAULT = forHeap(Runtime.getRuntime().maxMemory());

  /**
   * Returns limits of up to 256 MiB. A decompressed module may take at most a quarter of the heap.
   * Its dictionary may take at most an eighth, but always the size that xz -6 claims.
   *
   * @param heapBytes the largest size of the heap
   */
  public static ModuleImageLimits forHeap(long heapBytes) {
    return new ModuleImageLimits(
        256L * MIB,
        Math.min(256L * MIB, heapBytes / 4),
        200,
        MAX_PARTS,
        Math.clamp(heapBytes / 8, 8L * MIB, 64L * MIB) + XZ_MIB * MIB,
        MAX_DECOMPRESSING,
        4 * MIB,
        500_000,
        4 * MIB);
  }

  /** Returns these limits with another time for decompression. */
  public ModuleImageLimits withMaxDecompressing(Duration longest) {
    return new ModuleImageLimits(
        maxImageBytes,
        maxDecompressedBytes,
        maxRatio,
        maxParts,
        maxDictionaryBytes,
        longest,
        maxModinfoBytes,
        maxSymbols,
        maxSymbolBytes);
  }
}
