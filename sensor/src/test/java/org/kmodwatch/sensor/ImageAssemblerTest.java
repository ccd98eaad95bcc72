package org.kmodwatch.sensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.EventNames;
import org.kmodwatch.core.event.Value;

final class ImageAssemblerTest {

  private static final int TID = 4711;
  private static final long CALL_TIME = 123_456_789L;

  private final ImageAssembler assembler = new ImageAssembler(1 << 20);
  private final RecordDecoder decoder =
      new RecordDecoder(
          KernelTypes.of(Map.of(), Map.of()), () -> "/sbin/modprobe", WallClock.of(0));

  @AfterEach
  void giveMemoryBack() {
    assembler.close();
  }

  @Test
  void image_isWhole_whenEveryChunkCame() {
    byte[] module = module(100_000);

    chunks(module, ChunkLayout.HANDED_OVER).forEach(this::add);

    Taken taken = take(module.length);
    assertThat(taken.passed()).isEqualTo(ByteBuffer.wrap(module));
    assertThat(taken.image().passed().sha256()).isEqualTo(sha256(module));
    assertThat(taken.image().passed().sizeBytes()).isEqualTo(100_000);
    assertThat(taken.image().decompressed()).isNull();
  }

  @Test
  void image_isWhole_whenTheLastChunkIsFull() {
    byte[] module = module(2 * ChunkLayout.BYTES);

    chunks(module, ChunkLayout.HANDED_OVER).forEach(this::add);

    assertThat(take(module.length).passed()).isEqualTo(ByteBuffer.wrap(module));
  }

  @Test
  void image_isWhole_whenItsChunksCameByTwoRingsInAnotherOrder() {
    byte[] module = module(200_001);
    List<ByteBuffer> chunks = chunks(module, ChunkLayout.HANDED_OVER);
    Collections.shuffle(chunks, new Random(1));

    chunks.forEach(this::add);

    assertThat(take(module.length).passed()).isEqualTo(ByteBuffer.wrap(module));
  }

  @Test
  void image_isIncompleteAndHasNoHash_whenAnyOneChunkIsMissing() {
    byte[] module = module(130_000);
    for (int missing = 0; missing < chunks(module, 0).size(); missing++) {
      List<ByteBuffer> chunks = chunks(module, ChunkLayout.HANDED_OVER);
      chunks.remove(missing);
      chunks.forEach(this::add);

      CapturedImage.Bytes image = take(module.length).image().passed();

      assertThat(image.complete()).as("without chunk %d", missing).isFalse();
      assertThat(image.sha256()).isNull();
      assertThat(image.bytes()).isNull();
      assertThat(image.sizeBytes()).isEqualTo(130_000);
    }
  }

  @Test
  void image_isIncomplete_whenAChunkCameTwice() {
    byte[] module = module(60_000);
    List<ByteBuffer> chunks = chunks(module, ChunkLayout.HANDED_OVER);

    assembler.add(chunks.get(0), 0);
    assembler.add(chunks.get(0), 0);
    assembler.add(chunks.get(1), 0);

    assertThat(take(module.length).image().passed().complete()).isFalse();
  }

  @Test
  void image_isIncomplete_whenNoChunkCameAtAll() {
    CapturedImage.Bytes image = take(5_000).image().passed();

    assertThat(image.complete()).isFalse();
    assertThat(image.sizeBytes()).isEqualTo(5_000);
  }

  @Test
  void images_areKeptApart_whenThreadsLoadAtOnceAndAreDecompressed() {
    byte[] passed = module(40_000);
    byte[] decompressed = module(90_000);
    byte[] ofAnother = module(70_000);
    var all = new ArrayList<ByteBuffer>();
    all.addAll(chunks(passed, ChunkLayout.HANDED_OVER));
    all.addAll(chunks(decompressed, ChunkLayout.DECOMPRESSED));
    all.addAll(chunks(ofAnother, ChunkLayout.HANDED_OVER, TID + 1));
    Collections.shuffle(all, new Random(2));

    all.forEach(this::add);

    Taken taken = take(passed.length);
    assertThat(taken.passed()).isEqualTo(ByteBuffer.wrap(passed));
    assertThat(taken.image().decompressed())
        .extracting(CapturedImage.Bytes::sha256, CapturedImage.Bytes::sizeBytes)
        .containsExactly(sha256(decompressed), 90_000L);
  }

  @Test
  void image_isLetGo_onceItWasUsed() {
    byte[] module = module(1_000);
    chunks(module, ChunkLayout.HANDED_OVER).forEach(this::add);

    Taken first = take(module.length);

    assertThat(take(module.length).image().passed().complete()).isFalse();
    ByteBuffer gone = Objects.requireNonNull(first.image().passed().bytes());
    assertThatThrownBy(() -> gone.get(0)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void images_ofAThreadThatLoadsInARow_areKeptApart_whenTheirChunksAreReadAhead() {
    byte[] first = module(1_000);
    byte[] second = module(2_000);
    chunks(first, ChunkLayout.HANDED_OVER).forEach(this::add);
    for (ByteBuffer chunk : chunks(second, ChunkLayout.HANDED_OVER)) {
      chunk.putLong(chunk.position() + ChunkLayout.CALL_TIME_NANOS, CALL_TIME + 1);
      assembler.add(chunk, 0);
    }

    assertThat(take(first.length).image().passed().sha256()).isEqualTo(sha256(first));
    Event event = assembler.use(TID, CALL_TIME + 1, 2_000, image -> decoder.image(record(), image));
    assertThat(event.argument("complete")).contains(Value.of(true));
  }

  @Test
  void image_ofAnEarlierCall_isNotTakenForThatOfTheNext() {
    chunks(module(1_000), ChunkLayout.HANDED_OVER).forEach(this::add);

    Event event = assembler.use(TID, CALL_TIME + 1, 1_000, image -> decoder.image(record(), image));

    assertThat(event.argument("complete")).contains(Value.of(false));
  }

  @Test
  void image_isHashedButNotKept_whenThereIsNoRoomForIt() {
    byte[] module = module((1 << 20) + 1);

    chunks(module, ChunkLayout.HANDED_OVER).forEach(this::add);

    CapturedImage.Bytes image = take(module.length).image().passed();
    assertThat(image.sha256()).isEqualTo(sha256(module));
    assertThat(image.bytes()).isNull();
  }

  @Test
  void images_thatNobodyTellsOf_makeRoomForOthers() {
    byte[] module = module(100);
    for (int tid = 1; tid <= ImageAssembler.MAX_OPEN + 1; tid++) {
      chunks(module, ChunkLayout.HANDED_OVER, tid).forEach(this::add);
    }

    assertThat(complete(1)).isFalse();
    assertThat(complete(2)).isTrue();
    assertThat(complete(ImageAssembler.MAX_OPEN + 1)).isTrue();
  }

  @Test
  void chunk_isRefused_whenItLiesOfItsLengthOrKind() {
    ByteBuffer kind = chunks(module(10), 2).getFirst();
    ByteBuffer length = chunks(module(10), ChunkLayout.HANDED_OVER).getFirst();
    length.putInt(length.position() + ChunkLayout.LEN, ChunkLayout.BYTES);

    assertThatThrownBy(() -> assembler.add(kind, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("no such kind of image: kind=2");
    assertThatThrownBy(() -> assembler.add(length, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a chunk is shorter than it says: len=32768");
  }

  @Test
  void event_tellsSizesAndHashes_ofBothForms() {
    byte[] passed = module(4_000);
    byte[] decompressed = module(9_000);
    chunks(passed, ChunkLayout.HANDED_OVER).forEach(this::add);
    chunks(decompressed, ChunkLayout.DECOMPRESSED).forEach(this::add);

    Event event = assembler.use(TID, CALL_TIME, 4_000, image -> decoder.image(record(), image));

    assertThat(event.eventName()).isEqualTo(EventNames.MODULE_IMAGE);
    assertThat(event.argument("size")).contains(Value.ofUnsigned(4_000));
    assertThat(event.argument("complete")).contains(Value.of(true));
    assertThat(event.argument("sha256")).contains(Value.of(sha256(passed)));
    assertThat(event.argument("decompressed_size")).contains(Value.ofUnsigned(9_000));
    assertThat(event.argument("decompressed_sha256")).contains(Value.of(sha256(decompressed)));
  }

  @Test
  void images_areLetGo_whenTheProgramsSayThatNoRecordTellsOfThem() {
    for (int i = 0; i < 100; i++) {
      chunks(module(100_000), ChunkLayout.HANDED_OVER, i).forEach(this::add);
      assembler.forget(i, CALL_TIME);
    }

    assertThat(assembler.keptBytes()).isZero();
    assertThat(assembler.expired()).isZero();
    chunks(module(100_000), ChunkLayout.HANDED_OVER).forEach(this::add);
    assertThat(take(100_000).passed().remaining()).isEqualTo(100_000);
  }

  @Test
  void image_isLetGo_whenItWaitedTooLong_butNotBehindABacklog() {
    chunks(module(100_000), ChunkLayout.HANDED_OVER)
        .forEach(chunk -> assembler.add(chunk, ImageAssembler.MAX_WAIT_NANOS));

    assembler.expire(2 * ImageAssembler.MAX_WAIT_NANOS - 1);
    assertThat(assembler.keptBytes()).isEqualTo(100_000);
    assembler.expire(2 * ImageAssembler.MAX_WAIT_NANOS);

    assertThat(assembler.keptBytes()).isZero();
    assertThat(assembler.expired()).isEqualTo(1);
    assertThat(take(100_000).image().passed().sha256()).isNull();
  }

  @Test
  void newImage_takesTheRoomOfThoseThatWaited_theOldestFirst() {
    for (int i = 0; i < 10; i++) {
      int second = i;
      chunks(module(100_000), ChunkLayout.HANDED_OVER, i)
          .forEach(chunk -> assembler.add(chunk, second * 1_000_000_000L));
    }
    assembler.expire(10_000_000_000L);
    chunks(module(100_000), ChunkLayout.HANDED_OVER)
        .forEach(chunk -> assembler.add(chunk, 10_000_000_000L));

    assertThat(take(100_000).passed().remaining()).isEqualTo(100_000);
    assertThat(assembler.expired()).isEqualTo(1);
    assertThat(assembler.keptBytes()).isEqualTo(900_000);
  }

  @Test
  void image_isNotWhole_whenItsLastChunkWasWrittenOverAsItWasRead() {
    chunks(module(100_000), ChunkLayout.HANDED_OVER).forEach(this::add);
    assembler.spoilLast();

    assertThat(take(100_000).image().passed().complete()).isFalse();
  }

  private void add(ByteBuffer chunk) {
    assembler.add(chunk, 0);
  }

  private boolean complete(int tid) {
    Event event = assembler.use(tid, CALL_TIME, 100, image -> decoder.image(record(), image));
    return event.argument("complete").orElseThrow().equals(Value.of(true));
  }

  /** Holds the image, and a copy of its bytes from the time when they were valid. */
  private record Taken(CapturedImage image, ByteBuffer passed) {}

  private Taken take(long sizeBytes) {
    var taken = new ArrayList<Taken>();
    assembler.use(
        TID,
        CALL_TIME,
        sizeBytes,
        image -> {
          ByteBuffer bytes = image.passed().bytes();
          var copy = new byte[bytes == null ? 0 : bytes.remaining()];
          if (bytes != null) {
            bytes.duplicate().get(copy);
          }
          taken.add(new Taken(image, ByteBuffer.wrap(copy)));
          return decoder.image(record(), image);
        });
    return taken.getFirst();
  }

  private static ByteBuffer record() {
    return RecordBuilder.of(RecordLayout.IMAGE, RecordLayout.FINIT_MODULE).build();
  }

  private static byte[] module(int bytes) {
    var module = new byte[bytes];
    new Random(bytes).nextBytes(module);
    return module;
  }

  private static List<ByteBuffer> chunks(byte[] module, int kind) {
    return chunks(module, kind, TID);
  }

  private static List<ByteBuffer> chunks(byte[] module, int kind, int tid) {
    var chunks = new ArrayList<ByteBuffer>();
    for (int offset = 0; offset < module.length; offset += ChunkLayout.BYTES) {
      int length = Math.min(ChunkLayout.BYTES, module.length - offset);
      int shift = 16;
      ByteBuffer ring =
          ByteBuffer.allocate(shift + ChunkLayout.DATA + length).order(ByteOrder.nativeOrder());
      ring.putLong(shift + ChunkLayout.CALL_TIME_NANOS, CALL_TIME)
          .putLong(shift + ChunkLayout.SIZE, module.length)
          .putLong(shift + ChunkLayout.OFFSET, offset)
          .putInt(shift + ChunkLayout.HOST_TID, tid)
          .putInt(shift + ChunkLayout.LEN, length)
          .putInt(shift + ChunkLayout.KIND, kind)
          .put(shift + ChunkLayout.DATA, module, offset, length);
      chunks.add(ring.position(shift));
    }
    return chunks;
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }
}
