package org.kmodwatch.image;

/**
 * What reading may cost. The largest modules that distributions ship are of some 30 MiB, graphics
 * drivers of others of some 60 MiB; they compress to a fifth.
 *
 * @param maxImageBytes how large a module may be
 * @param maxDecompressedBytes how large one may be that is compressed, which takes as much memory
 * @param maxRatio how many bytes may come out of a compressed one, past the first MiB; xz makes
 *     7,000 bytes of one where all are zero
 * @param maxModinfoBytes how large {@code .modinfo} may be
 * @param maxSymbols how many symbols the symbol table may have
 * @param maxSymbolBytes how long the names of imported and exported symbols may be together
 */
public record ModuleImageLimits(
    long maxImageBytes,
    long maxDecompressedBytes,
    int maxRatio,
    int maxModinfoBytes,
    int maxSymbols,
    int maxSymbolBytes) {

  /** A symbol's name, as the kernel limits it (KSYM_NAME_LEN), with room to grow. */
  static final int MAX_SYMBOL_NAME_BYTES = 1024;

  /** The drivers with the most aliases have some thousands. */
  static final int MAX_MODINFO_ENTRIES = 50_000;

  /** A signature; those of kernels are of some hundred bytes. */
  static final int MAX_SIGNATURE_BYTES = 64 << 10;

  private static final int MIB = 1 << 20;

  /** Up to 256 MiB; compressed ones no more than a quarter of Java's heap if that is less. */
  public static final ModuleImageLimits DEFAULT =
      new ModuleImageLimits(
          256L * MIB,
          Math.min(256L * MIB, Runtime.getRuntime().maxMemory() / 4),
          200,
          4 * MIB,
          500_000,
          4 * MIB);
}
