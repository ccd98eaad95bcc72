package org.kmodwatch.core.read;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.airlift.compress.zstd.ZstdOutputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.Random;
import java.util.zip.CRC32;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.kmodwatch.core.scan.Decompression;
import org.kmodwatch.core.scan.ReadOptions;

@NullMarked
class DecompressionTest {

  private static final byte[] PLAIN = Reading.resource("flat.ndjson");

  @Test
  void open_readsAllMembers_whenGzipHasSeveral() throws IOException {
    byte[] twice = concat(gzip(PLAIN), gzip(PLAIN));
    assertThat(Reading.of(twice).events()).hasSize(16);
    assertThat(Reading.of(slow(twice), ReadOptions.DEFAULT).events()).hasSize(16);
    assertThat(Reading.of(concat(twice, new byte[512])).badLines()).isEmpty();
  }

  @Test
  void open_readsAllFrames_whenZstdHasSeveral() throws IOException {
    byte[] skippable = {0x5A, 0x2A, 0x4D, 0x18, 3, 0, 0, 0, 1, 2, 3};
    byte[] frames = concat(skippable, zstd(PLAIN), skippable, zstd(PLAIN), skippable);
    Reading reading = Reading.of(frames);
    assertThat(reading.badLines()).isEmpty();
    assertThat(reading.events()).hasSize(16);
    assertThat(Reading.of(slow(frames), ReadOptions.DEFAULT).events()).hasSize(16);
  }

  @Test
  void open_saysSo_whenDataEndsEarly() throws IOException {
    for (byte[] whole : new byte[][] {gzip(PLAIN), zstd(PLAIN)}) {
      String format = (whole[0] & 0xFF) == 0x1F ? "gzip" : "zstd";
      for (int length = 4; length < whole.length; length += 7) {
        Reading reading = Reading.of(Arrays.copyOf(whole, length));
        assertThat(reading.badLines().getLast())
            .endsWith("the input breaks off here: " + format + " data ends early");
        assertThat(reading.badLines()).hasSize(1);
      }
    }
  }

  @Test
  void open_saysSo_whenSomethingFollows() throws IOException {
    Reading reading =
        Reading.of(
            concat(
                gzip(PLAIN),
                "more, and much more than a header"
                    .getBytes(java.nio.charset.StandardCharsets.UTF_8)));
    assertThat(reading.events()).hasSize(8);
    assertThat(reading.badLines())
        .containsExactly(
            "rec:9: the input breaks off here: gzip data is damaged: something follows that is not"
                + " gzip");
  }

  @Test
  void open_neverThrowsAnythingElse_whenBytesAreFlipped() throws IOException {
    long seed = 20261122;
    var random = new Random(seed);
    byte[][] wholes = {gzip(PLAIN), zstd(PLAIN)};
    for (int round = 0; round < 400; round++) {
      byte[] damaged = wholes[round % 2].clone();
      for (int i = 0; i <= random.nextInt(3); i++) {
        damaged[4 + random.nextInt(damaged.length - 4)] ^= (byte) (1 << random.nextInt(8));
      }
      try {
        Reading.of(damaged);
      } catch (RuntimeException | Error e) {
        throw new AssertionError("seed=" + seed + " round=" + round, e);
      }
    }
  }

  @Test
  void open_readsOn_whenThousandsOfMembersAreEmpty() throws IOException {
    byte[] empty = gzip(new byte[0]);
    Reading reading = Reading.of(concat(repeated(empty, 20_000), gzip(PLAIN)));

    assertThat(reading.badLines()).isEmpty();
    assertThat(reading.events()).hasSize(8);
  }

  @Test
  void open_readsOn_whenThousandsOfFramesAreEmpty() throws IOException {
    byte[] empty = HexFormat.of().parseHex("28b52ffd2000010000");
    Reading reading = Reading.of(concat(repeated(empty, 20_000), zstd(PLAIN)));

    assertThat(reading.badLines()).isEmpty();
    assertThat(reading.events()).hasSize(8);
  }

  @Test
  void open_checksEachMember_whenOneIsWrong() throws IOException {
    for (int fromEnd : new int[] {8, 4}) {
      byte[] wrong = concat(gzip(PLAIN), gzip(PLAIN));
      wrong[wrong.length - fromEnd] ^= (byte) 1;
      assertThat(Reading.of(wrong).badLines())
          .singleElement()
          .asString()
          .endsWith(
              "gzip data is damaged: "
                  + (fromEnd == 8 ? "the checksum is wrong" : "the length is wrong"));
    }
  }

  @Test
  void open_readsHeadersWithEveryField() throws IOException {
    // The header has FHCRC, FEXTRA, FNAME and FCOMMENT of RFC 1952, section 2.3.1.
    byte[] head = HexFormat.of().parseHex("1f8b081e00000000000003000102036e616d6500636f6d00");
    var crc = new CRC32();
    crc.update(head);
    byte[] check = {(byte) crc.getValue(), (byte) (crc.getValue() >> 8)};
    byte[] member = gzip(PLAIN);
    byte[] body = Arrays.copyOfRange(member, 10, member.length);

    assertThat(Reading.of(concat(head, check, body)).events()).hasSize(8);
    check[0] ^= (byte) 1;
    assertThat(Reading.of(concat(head, check, body)).badLines())
        .containsExactly(
            "rec:1: the input breaks off here: gzip data is damaged: the checksum of a header is"
                + " wrong");
  }

  @Test
  void open_refusesTheWindow_whenAFrameClaimsALargeOne() throws IOException {
    // The window has 256 MiB. Each block is one byte, repeated to 128 KiB.
    byte[] header = HexFormat.of().parseHex("28b52ffd0090");
    byte[] frame = concat(header, repeated(HexFormat.of().parseHex("020010" + "00"), 3000));

    assertThat(Reading.of(frame).badLines())
        .containsExactly(
            "rec:1: the input breaks off here: zstd data needs a larger window than is allowed:"
                + " window=268435456, limit=134217728");
  }

  @Test
  void open_readsAWindowOf128Mebibytes_intoNoMoreThanIsAllowed() throws IOException {
    byte[] frame = zstd(PLAIN);
    byte[] large = withWindow(frame, (byte) 0x88);
    assertThat(Reading.of(large).badLines()).isEmpty();
    assertThat(Reading.of(large).events()).hasSize(8);
    byte[] skippable = HexFormat.of().parseHex("502a4d1803000000" + "010203");
    assertThat(Reading.of(concat(large, large)).events()).hasSize(16);
    assertThat(Reading.of(concat(frame, large, frame, frame)).events()).hasSize(32);
    assertThat(Reading.of(concat(skippable, large, skippable, frame)).events()).hasSize(16);

    byte[] runs =
        concat(
            HexFormat.of().parseHex("28b52ffd0088"),
            repeated(HexFormat.of().parseHex("020010" + "00"), 100),
            HexFormat.of().parseHex("010000"));
    try (InputStream in = Decompression.open(new ByteArrayInputStream(runs), 1, 100 * 131_072)) {
      assertThat(in.readAllBytes()).hasSize(100 * 131_072);
    }
    try (InputStream in =
        Decompression.open(new ByteArrayInputStream(runs), 1, 100 * 131_072 - 1)) {
      assertThatThrownBy(in::readAllBytes)
          .isInstanceOf(IOException.class)
          .hasMessage(
              "zstd data has a window of more than 8 MiB, and does not fit into memory:"
                  + " limit=13107199");
    }
  }

  /** Covers runs of 128 KiB in a window of 128 MiB: a few bytes that request a large heap. */
  @Test
  void open_takesNoMoreMemoryThanAFewBytesAreWorth() throws IOException {
    byte[] runs =
        concat(
            HexFormat.of().parseHex("28b52ffd0088"),
            repeated(HexFormat.of().parseHex("020010" + "00"), 3000),
            HexFormat.of().parseHex("010000"));

    try (InputStream in =
        Decompression.open(new ByteArrayInputStream(runs), Long.MAX_VALUE, 1L << 30)) {
      assertThatThrownBy(in::readAllBytes)
          .isInstanceOf(IOException.class)
          .hasMessageEndingWith("does not fit into memory: limit=16777216");
    }
  }

  /**
   * Covers changes of the window, each of which allocates buffers: a few bytes must not request
   * many.
   */
  @Test
  void open_refusesWindowsThatChangeTooOften() throws IOException {
    byte[] frame = zstd(PLAIN);
    byte[] large = withWindow(frame, (byte) 0x88);

    assertThat(Reading.of(repeated(concat(frame, large), 256)).badLines()).isEmpty();
    assertThat(Reading.of(repeated(concat(frame, large), 257)).badLines())
        .singleElement()
        .asString()
        .endsWith(
            "zstd data changes between large and small windows more often than is allowed:"
                + " limit=256");
  }

  /**
   * Rewrites a single-segment frame, whose header has its size, so that the header has only a
   * window.
   */
  private static byte[] withWindow(byte[] frame, byte window) {
    int descriptor = frame[4] & 0xff;
    assertThat(descriptor & 0x23).as("one segment, no dictionary").isEqualTo(0x20);
    int sizeBytes = descriptor >> 6 == 0 ? 1 : 1 << (descriptor >> 6);
    byte[] header = Arrays.copyOf(frame, 6);
    header[4] = (byte) (descriptor & 4);
    header[5] = window;
    return concat(header, Arrays.copyOfRange(frame, 5 + sizeBytes, frame.length));
  }

  @Test
  void open_refusesTheBlock_whenItIsLargerThanTheFormatAllows() throws IOException {
    byte[] header = HexFormat.of().parseHex("28b52ffd0058");
    byte[] frame = concat(header, HexFormat.of().parseHex("030018" + "00"));

    assertThat(Reading.of(frame).badLines())
        .containsExactly(
            "rec:1: the input breaks off here: zstd data is damaged: a block is larger than the"
                + " format allows: size=196608, limit=131072");
  }

  @Test
  void open_refusesMoreParts_whenThereIsALimit() throws IOException {
    byte[] gzip = repeated(gzip(PLAIN), 3);
    byte[] zstd = repeated(zstd(PLAIN), 3);

    try (InputStream in = Decompression.open(new ByteArrayInputStream(gzip), 3, 0)) {
      assertThat(in.readAllBytes()).hasSize(3 * PLAIN.length);
    }
    for (Map.Entry<String, byte[]> part : Map.of("gzip", gzip, "zstd", zstd).entrySet()) {
      var in = new ByteArrayInputStream(part.getValue());
      assertThatThrownBy(() -> Decompression.open(in, 2, 0).readAllBytes())
          .isInstanceOf(IOException.class)
          .hasMessage("%s data has more parts than are allowed: limit=2", part.getKey());
    }
  }

  private static byte[] repeated(byte[] part, int times) {
    var bytes = new ByteArrayOutputStream();
    for (int i = 0; i < times; i++) {
      bytes.writeBytes(part);
    }
    return bytes.toByteArray();
  }

  private static byte[] gzip(byte[] plain) throws IOException {
    var bytes = new ByteArrayOutputStream();
    try (OutputStream out = new GZIPOutputStream(bytes)) {
      out.write(plain);
    }
    return bytes.toByteArray();
  }

  private static byte[] zstd(byte[] plain) throws IOException {
    var bytes = new ByteArrayOutputStream();
    try (OutputStream out = new ZstdOutputStream(bytes)) {
      out.write(plain);
    }
    return bytes.toByteArray();
  }

  private static byte[] concat(byte[]... parts) {
    var bytes = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      bytes.writeBytes(part);
    }
    return bytes.toByteArray();
  }

  /** Returns a stream like a pipe: it reads a few bytes at a time, and available() is always 0. */
  private static InputStream slow(byte[] bytes) {
    return new ByteArrayInputStream(bytes) {
      @Override
      public synchronized int read(byte[] buffer, int offset, int length) {
        return super.read(buffer, offset, Math.min(length, 5));
      }

      @Override
      public synchronized int available() {
        return 0;
      }
    };
  }
}
