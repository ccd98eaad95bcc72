package org.kmodwatch.image;

import java.time.Duration;

/**
 * What reading may cost. The largest modules that distributions ship are of some 30 MiB, graphics
 * drivers of others of some 60 MiB; they compress to a fifth.
 *
 * @param maxImageBytes how large a module may be
 * @param maxDecompressedBytes how large one may be that is compressed, which takes as much memory
 * @param maxRatio how many bytes may come out of a compressed one, past the first MiB; xz makes
 *     7,000 bytes of one where all are zero
 * @param maxParts of how many gzip members, zstd frames or xz streams a compressed one may be made;
 *     compressors of modules make one, parallel ones a few
 * @param maxDictionaryBytes how much memory an xz decoder may take; xz -6 claims 8 MiB, and what is
 *     claimed is taken at once
 * @param maxDecompressing how long decompression may take
 * @param maxModinfoBytes how large {@code .modinfo} may be
 * @param maxSymbols how many symbols the symbol table may have
 * @param maxSymbolBytes how long the names of imported and exported symbols may be together
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

  /** A symbol's name, as the kernel limits it (KSYM_NAME_LEN), with room to grow. */
  static final int MAX_SYMBOL_NAME_BYTES = 1024;

  /** The drivers with the most aliases have some thousands. */
  static final int MAX_MODINFO_ENTRIES = 50_000;

  private static final int MIB = 1 << 20;

  private static final int MAX_PARTS = 64;

  /** The decoder's part beside the dictionary. */
  private static final int XZ_MIB = 1;

  /** A module of 256 MiB takes some seconds. */
  private static final Duration MAX_DECOMPRESSING = Duration.ofSeconds(60);

  /** For Java's heap as it is. */
  public static final ModuleImageLimits DEFAULT = forHeap(Runtime.getRuntime().maxMemory());

  /**
   * Up to 256 MiB; compressed ones no more than a quarter of the heap if that is less, and their
   * dictionary no more than an eighth, but always what xz -6 claims.
   *
   * @param heapBytes how large the heap may become
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

  /** The same with another time for decompression. */
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
