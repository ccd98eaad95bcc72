package org.kmodwatch.image;

import io.airlift.compress.MalformedInputException;
import io.airlift.compress.lz4.Lz4Decompressor;
import io.airlift.compress.zstd.ZstdDecompressor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.Optional;

/**
 * Finds the kernel inside a bzImage. The boot protocol's header has its position and length, and
 * its last four bytes have its decompressed size. Sources: Documentation/arch/x86/boot.rst (fields
 * setup_sects, payload_offset and payload_length) and scripts/Makefile.lib (size_append).
 */
final class BootImage {

  private static final int HEADER_END = 0x250;
  private static final long MAGIC = 0x53726448L;
  private static final int SIZE_BYTES = 4;

  /** The largest size of a kernel. A kernel has some 60 MiB. */
  private static final int MAX_BYTES = 256 << 20;

  private static final ModuleImageLimits LIMITS =
      new ModuleImageLimits(
          MAX_BYTES, MAX_BYTES, 1000, 64, 128L << 20, Duration.ofMinutes(1), 0, 0, 0);

  /**
   * The magic number of the frame format before its standardisation, which the kernel uses (lz4
   * -l).
   */
  private static final long LZ4_LEGACY_MAGIC = 0x184c2102L;

  private static final int LZ4_BLOCK_BYTES = 8 << 20;

  /** The Window_Descriptor that stands for 8 MiB (RFC 8878, section 3.1.1.1.2). */
  private static final byte ZSTD_WINDOW = 13 << 3;

  private static final int ZSTD_SINGLE_SEGMENT = 1 << 5;

  private BootImage() {}

  /**
   * Returns the kernel in {@code file}; empty if it is not such an image, or cannot be
   * decompressed.
   */
  static Optional<ByteBuffer> kernelIn(ByteBuffer file) {
    String what = "the boot header";
    var bytes = new HostileBytes(file, ByteOrder.LITTLE_ENDIAN);
    if (bytes.size() < HEADER_END || bytes.u32(0x202, what) != MAGIC) {
      return Optional.empty();
    }
    int setupSectors = bytes.u8(0x1f1, what);
    long start = ((setupSectors == 0 ? 4 : setupSectors) + 1) * 512L;
    long offset = start + bytes.u32(0x248, what);
    long length = bytes.u32(0x24c, what) - SIZE_BYTES;
    try {
      long size = bytes.u32(offset + length, "the size of the kernel");
      if (size > MAX_BYTES) {
        return Optional.empty();
      }
      return Optional.of(decompress(bytes.slice(offset, length, "the kernel"), (int) size));
    } catch (ModuleImageException | MalformedInputException damagedOrOfAnotherKind) {
      return Optional.empty();
    }
  }

  private static ByteBuffer decompress(HostileBytes payload, int size) {
    if (payload.size() > 4 && payload.u32(0, "the kernel") == LZ4_LEGACY_MAGIC) {
      return lz4(payload, size);
    }
    Compression compression = Compression.of(payload.buffer());
    return compression == Compression.ZSTD
        ? zstd(payload, size)
        : compression.decompress(payload.buffer(), LIMITS, System::nanoTime);
  }

  /** Decompresses blocks. The length of each stands before it. */
  private static ByteBuffer lz4(HostileBytes payload, int size) {
    var out = new byte[size];
    int written = 0;
    long at = 4;
    while (written < size && at < payload.size()) {
      long length = payload.u32(at, "a block");
      byte[] block = payload.slice(at + 4, length, "a block").copy();
      int room = Math.min(LZ4_BLOCK_BYTES, size - written);
      written += new Lz4Decompressor().decompress(block, 0, block.length, out, written, room);
      at += 4 + length;
    }
    return ByteBuffer.wrap(out, 0, written).slice();
  }

  /**
   * Decompresses a frame. Kernels are compressed with a window of 128 MiB, which the library
   * refuses. A window is the part of its output that a decoder must keep. This method keeps all of
   * the output, so the header may claim a smaller window.
   */
  private static ByteBuffer zstd(HostileBytes payload, int size) {
    byte[] frame = payload.copy();
    int descriptor = 4;
    if ((frame[descriptor] & ZSTD_SINGLE_SEGMENT) == 0
        && (frame[descriptor + 1] & 0xff) > ZSTD_WINDOW) {
      frame[descriptor + 1] = ZSTD_WINDOW;
    }
    var out = new byte[size];
    int written = new ZstdDecompressor().decompress(frame, 0, frame.length, out, 0, size);
    return ByteBuffer.wrap(out, 0, written).slice();
  }
}
