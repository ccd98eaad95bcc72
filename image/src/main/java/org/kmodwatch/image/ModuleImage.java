package org.kmodwatch.image;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * Describes a module file, by its own content.
 *
 * @param compression compression of the bytes that were read
 * @param module the decompressed module, read-only: the bytes that the kernel loads, signature
 *     included
 * @param elfClass 32 or 64
 * @param byteOrder byte order of its numbers
 * @param machine e_machine, for example 62 for x86-64
 * @param info {@code .modinfo}
 * @param builtName the name in {@code .gnu.linkonce.this_module}, which is the kernel's name for
 *     it; null if it has none
 * @param symbols the symbols that it imports and exports
 * @param buildId content of {@code .note.gnu.build-id}, hexadecimal in lower case; null if it has
 *     none
 * @param signature the appended signature; null if nothing is appended
 */
public record ModuleImage(
    Compression compression,
    ByteBuffer module,
    int elfClass,
    ByteOrder byteOrder,
    int machine,
    ModuleInfo info,
    @Nullable String builtName,
    ModuleSymbols symbols,
    @Nullable String buildId,
    @Nullable AppendedSignature signature) {

  /**
   * Returns the kernel's name for the module: the built-in name, else the name in {@code .modinfo}.
   */
  public @Nullable String name() {
    return builtName != null ? builtName : info.first("name").orElse(null);
  }

  /** Returns uname's name for the machine; {@code machine N} if none is known here. */
  public String machineName() {
    return switch (machine) {
      case 3 -> "i686";
      case 8 -> elfClass == 64 ? "mips64" : "mips";
      case 20 -> "ppc";
      case 21 -> byteOrder == ByteOrder.LITTLE_ENDIAN ? "ppc64le" : "ppc64";
      case 22 -> "s390x";
      case 40 -> "arm";
      case 62 -> "x86_64";
      case 183 -> "aarch64";
      case 243 -> "riscv" + elfClass;
      case 258 -> "loongarch" + elfClass;
      default -> "machine " + machine;
    };
  }
}
