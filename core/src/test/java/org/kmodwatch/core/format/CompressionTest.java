package org.kmodwatch.core.format;

import static org.assertj.core.api.Assertions.assertThat;

import io.airlift.compress.zstd.ZstdOutputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

@NullMarked
class CompressionTest {

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

  /** Like a pipe: a few bytes at a time, and never anything available. */
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
