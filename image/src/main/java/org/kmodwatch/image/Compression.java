package org.kmodwatch.image;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.tukaani.xz.XZInputStream;

/** How a module file is compressed, by its first bytes. */
public enum Compression {
  /** Not at all. */
  NONE,
  /** RFC 1952; {@code .ko.gz}. */
  GZIP,
  /** {@code .ko.xz}. */
  XZ,
  /** RFC 8878; {@code .ko.zst}. */
  ZSTD;

  private static final int MIB = 1 << 20;

  /** The decoder's memory; the kernel takes dictionaries of up to 2 MiB (lib/decompress_unxz.c). */
  private static final int XZ_MEMORY_KIB = 64 * 1024;

  private static final int[] GZIP_MAGIC = {0x1f, 0x8b};
  private static final int[] XZ_MAGIC = {0xfd, '7', 'z', 'X', 'Z', 0};
  private static final int[] ZSTD_MAGIC = {0x28, 0xb5, 0x2f, 0xfd};

  /** What {@code bytes} begins with. */
  public static Compression of(ByteBuffer bytes) {
    if (begins(bytes, XZ_MAGIC)) {
      return XZ;
    }
    if (begins(bytes, ZSTD_MAGIC)) {
      return ZSTD;
    }
    return begins(bytes, GZIP_MAGIC) ? GZIP : NONE;
  }

  private static boolean begins(ByteBuffer bytes, int[] magic) {
    for (int i = 0; i < magic.length; i++) {
      if (i >= bytes.remaining() || (bytes.get(bytes.position() + i) & 0xff) != magic[i]) {
        return false;
      }
    }
    return true;
  }

  /**
   * What {@code bytes} is without its compression; its position stays.
   *
   * @throws ModuleImageException if it is damaged, or too much comes out of it
   */
  ByteBuffer decompress(ByteBuffer bytes, ModuleImageLimits limits) {
    if (this == NONE) {
      return bytes.slice();
    }
    long allowed = Math.max(MIB, (long) bytes.remaining() * limits.maxRatio());
    long limit = Math.min(allowed, limits.maxDecompressedBytes());
    var out = new byte[(int) Math.min(limit, Math.max(4096L, 4L * bytes.remaining()))];
    int length = 0;
    try (InputStream in = open(bytes.slice())) {
      while (true) {
        if (length == out.length) {
          if (length >= limit) {
            if (in.read() < 0) {
              break;
            }
            throw new ModuleImageException(
                "the module is larger than is allowed once decompressed: limit=" + limit, length);
          }
          out = Arrays.copyOf(out, (int) Math.min(limit, 2L * length));
        }
        int read = in.read(out, length, out.length - length);
        if (read < 0) {
          break;
        }
        length += read;
      }
    } catch (ModuleImageException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      throw new ModuleImageException(
          "the %s data cannot be decompressed, %s".formatted(word(), reason(e)), length, e);
    }
    return ByteBuffer.wrap(out, 0, length).slice();
  }

  /** The name in lower case, as records have it. */
  public String word() {
    return switch (this) {
      case NONE -> "none";
      case GZIP -> "gzip";
      case XZ -> "xz";
      case ZSTD -> "zstd";
    };
  }

  private InputStream open(ByteBuffer bytes) throws IOException {
    var in = new ByteBufferInputStream(bytes);
    return this == XZ
        ? new XZInputStream(in, XZ_MEMORY_KIB)
        : org.kmodwatch.core.format.Compression.open(in);
  }

  private static String reason(Exception e) {
    String message = e.getMessage();
    return message == null ? e.getClass().getSimpleName() : message;
  }

  /** A buffer as a stream. */
  private static final class ByteBufferInputStream extends InputStream {
    private final ByteBuffer bytes;

    ByteBufferInputStream(ByteBuffer bytes) {
      this.bytes = bytes;
    }

    @Override
    public int read() {
      return bytes.hasRemaining() ? bytes.get() & 0xff : -1;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) {
      if (length == 0) {
        return 0;
      }
      int count = Math.min(length, bytes.remaining());
      if (count == 0) {
        return -1;
      }
      bytes.get(buffer, offset, count);
      return count;
    }

    @Override
    public int available() {
      return bytes.remaining();
    }
  }
}
