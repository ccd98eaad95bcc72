package org.kmodwatch.image;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.NullMarked;
import org.kmodwatch.image.signing.SignatureCases;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.XZOutputStream;

/** Creates small files that request much stack, memory or time. */
@NullMarked
final class HostileSeeds {

  /** Holds the Block_Header of a run of 128 KiB, and its byte (RFC 8878, section 3.1.1.2). */
  private static final byte[] RUN = HexFormat.of().parseHex("020010" + "00");

  private static final int XZ_STREAM_HEADER_BYTES = 12;

  /**
   * Sets the offset of the LZMA2 filter's dictionary size, after the block header's size, flags,
   * filter id and length.
   */
  private static final int XZ_DICTIONARY = XZ_STREAM_HEADER_BYTES + 4;

  private HostileSeeds() {}

  /** Returns by name the files that are small enough to be seeds of a fuzzer. */
  static Map<String, byte[]> all() throws IOException {
    var seeds = new LinkedHashMap<String, byte[]>();
    seeds.put("gzip-empty-members", emptyGzipMembers(20_000));
    seeds.put("zstd-runs", zstdRunLengths(3000));
    seeds.put("zstd-runs-in-a-small-window", zstdRunLengths(3000, (byte) 0x68));
    seeds.put("zstd-content-size", HexFormat.of().parseHex("28b52ffde0ffffffffffffff7f010000"));
    seeds.put("zstd-skippable-size", HexFormat.of().parseHex("502a4d18ffffffff00"));
    seeds.put("xz-dictionary", xzWithDictionary(36));
    seeds.put("xz-empty-streams", emptyXzStreams(1000));
    seeds.put("asn1-deep", SignatureCases.append(module(), nested((byte) 0x30, 60_000)));
    seeds.put("asn1-constructed", SignatureCases.append(module(), nested((byte) 0x24, 60_000)));
    return seeds;
  }

  /** Returns empty members, followed by a module. */
  static byte[] emptyGzipMembers(int count) throws IOException {
    return repeated(gzip(new byte[0]), count, gzip(module()));
  }

  /** Returns runs of 128 KiB in a window of 128 MiB. */
  static byte[] zstdRunLengths(int count) {
    return zstdRunLengths(count, (byte) 0x88);
  }

  static byte[] zstdRunLengths(int count, byte window) {
    var out = new ByteArrayOutputStream();
    out.writeBytes(HexFormat.of().parseHex("28b52ffd00"));
    out.write(window);
    out.writeBytes(repeated(RUN, count, HexFormat.of().parseHex("010000")));
    return out.toByteArray();
  }

  /**
   * Returns a module that claims another dictionary size.
   *
   * @param coded the size in LZMA2's code
   */
  static byte[] xzWithDictionary(int coded) throws IOException {
    byte[] xz = xz(module());
    xz[XZ_DICTIONARY] = (byte) coded;
    int headerBytes = 4 * (xz[XZ_STREAM_HEADER_BYTES] + 1);
    var crc = new CRC32();
    crc.update(xz, XZ_STREAM_HEADER_BYTES, headerBytes - Integer.BYTES);
    ByteBuffer.wrap(xz)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(XZ_STREAM_HEADER_BYTES + headerBytes - Integer.BYTES, (int) crc.getValue());
    return xz;
  }

  /** Returns empty streams, followed by a module. */
  static byte[] emptyXzStreams(int count) throws IOException {
    return repeated(xz(new byte[0]), count, xz(module()));
  }

  private static byte[] nested(byte tag, int bytes) {
    var nested = new byte[bytes];
    for (int i = 0; i < bytes; i += 2) {
      nested[i] = tag;
      nested[i + 1] = (byte) 0x80;
    }
    return nested;
  }

  private static byte[] module() {
    return TestModule.ordinary().bytes();
  }

  private static byte[] repeated(byte[] part, int count, byte[] last) {
    var all = new byte[part.length * count + last.length];
    for (int i = 0; i < count; i++) {
      System.arraycopy(part, 0, all, i * part.length, part.length);
    }
    System.arraycopy(last, 0, all, part.length * count, last.length);
    return all;
  }

  private static byte[] gzip(byte[] plain) throws IOException {
    var bytes = new ByteArrayOutputStream();
    try (var out = new GZIPOutputStream(bytes)) {
      out.write(plain);
    }
    return bytes.toByteArray();
  }

  private static byte[] xz(byte[] plain) throws IOException {
    var bytes = new ByteArrayOutputStream();
    try (var out = new XZOutputStream(bytes, new LZMA2Options())) {
      out.write(plain);
    }
    return bytes.toByteArray();
  }
}
