package org.kmodwatch.agent.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.kmodwatch.core.testing.EventBuilder.event;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kmodwatch.core.event.Argument;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.SensorContext;
import org.kmodwatch.core.event.SensorContexts;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.sensor.CapturedImage;

/** What is said of an image, as arguments of its event; the whole way is in the lab's ImagesIT. */
class LoadedImagesTest {

  private static final Path SEEDS =
      Path.of("../image/src/test/resources/org/kmodwatch/image/seeds");

  @TempDir Path root;
  private final List<String> complaints = new ArrayList<>();
  private ReadingMarks marks = ReadingMarks.NONE;
  private long nanos;
  private long nanosPerLook;

  @Test
  void module_isReadAndHashed() throws IOException {
    Event said = read(null, captured("ordinary"));

    assertThat(text(said, "sha256")).isEqualTo(Digests.sha256(seed("ordinary")));
    assertThat(text(said, "name")).isEqualTo("ordinary");
    assertThat(text(said, "license")).isEqualTo("GPL");
    assertThat(said.argument("intree")).contains(Value.of(true));
    assertThat(text(said, "signature")).isEqualTo("unsigned");
    assertThat(said.argument("gaps")).isEmpty();
    assertThat(said.argument("kept")).isEmpty();
  }

  @Test
  void whatTheKernelDecompressed_isReadInItsPlainForm() throws IOException {
    ByteBuffer plain = seed("ordinary");
    Event said = read(null, new CapturedImage(bytes(seed("xz")), bytes(plain)));

    assertThat(text(said, "sha256")).isEqualTo(Digests.sha256(seed("xz")));
    assertThat(text(said, "decompressed_sha256")).isEqualTo(Digests.sha256(plain));
    assertThat(text(said, "compression")).isEqualTo("xz");
    assertThat(text(said, "name")).isEqualTo("ordinary");
  }

  @Test
  void imageThatCannotBeRead_hasItsHash_andAGapThatSaysWhy() {
    Event said = read(null, new CapturedImage(bytes(ByteBuffer.wrap(new byte[100])), null));

    assertThat(text(said, "sha256")).isEqualTo(Digests.sha256(ByteBuffer.wrap(new byte[100])));
    assertThat(String.valueOf(said.argument("gaps")))
        .contains("module", "the image cannot be read: not an ELF file: offset=0x0");
    assertThat(said.argument("signature")).isEmpty();
  }

  @Test
  void imageOfWhichBytesAreMissing_andWithoutAFile_hasNoHash() {
    Event said = read(null, new CapturedImage(new CapturedImage.Bytes(4096, null, null), null));

    assertThat(said.argument("sha256")).isEmpty();
    assertThat(said.argument("complete")).contains(Value.of(false));
    assertThat(said.argument("size")).contains(Value.of(4096L));
    assertThat(String.valueOf(said.argument("gaps"))).contains("there is no file to read instead");
  }

  @Test
  void whatIsLongerThanARecordHasRoomFor_isCut_andHasAGap() throws IOException {
    Event said = read(null, captured("long-texts"));

    assertThat(text(said, "description")).isEqualTo("d".repeat(1024) + "…");
    assertThat(String.valueOf(said.argument("gaps")))
        .contains("module.description", "module.depends", "1024 characters, 256 names")
        .doesNotContain("module.license");
  }

  @Test
  void image_isKept_whereThatWasAskedFor() throws IOException {
    Path kept = root.resolve("kept");
    Event said = read(ImageStore.open(kept, 1 << 20), captured("ordinary"));

    assertThat(Path.of(text(said, "kept"))).hasBinaryContent(array(seed("ordinary")));
  }

  @Test
  void imageThatCannotBeKept_isAGapAndAComplaint_andNothingElseIsLost() throws IOException {
    Event said = read(ImageStore.open(root.resolve("kept"), 100), captured("ordinary"));

    assertThat(said.argument("kept")).isEmpty();
    assertThat(String.valueOf(said.argument("gaps"))).contains("image.kept", "limit=100");
    assertThat(complaints)
        .singleElement()
        .asString()
        .startsWith("an image is not kept: the image is larger than what may be kept");
    assertThat(text(said, "name")).isEqualTo("ordinary");
  }

  @Test
  void poisonedImage_hasItsHash_andAGap_andTheNextOneIsRead() throws IOException {
    LoadedImages reader = reader(null);
    ByteBuffer poison = ByteBuffer.wrap(emptyGzipMembers(20_000));
    Event said = reader.read(event("module_image").build(), new CapturedImage(bytes(poison), null));

    assertThat(text(said, "sha256")).isEqualTo(Digests.sha256(poison));
    assertThat(text(said, "compression")).isEqualTo("gzip");
    assertThat(String.valueOf(said.argument("gaps")))
        .contains("module", "gzip data has more parts than are allowed: limit=64");
    assertThat(text(reader.read(event("module_image").build(), captured("ordinary")), "name"))
        .isEqualTo("ordinary");
  }

  @Test
  void imageThatEndsInAnError_hasItsHash_andAGap() {
    ByteBuffer bytes = ByteBuffer.wrap(new byte[100]);
    CapturedImage image = new CapturedImage(bytes(bytes), null);
    for (Error error : List.of(new StackOverflowError(), new OutOfMemoryError("in a test"))) {
      marks =
          new ReadingMarks() {
            @Override
            public boolean begin(Event event) {
              throw error;
            }

            @Override
            public void end() {}
          };

      Event said = read(null, image);

      assertThat(text(said, "sha256")).isEqualTo(Digests.sha256(bytes));
      assertThat(said.argument("complete")).contains(Value.of(true));
      assertThat(String.valueOf(said.argument("gaps")))
          .contains("looking at the image ended in " + error.getClass().getSimpleName());
    }
  }

  @Test
  void imageThatEndedAnAgent_isNotReadAgain_andKept() throws IOException {
    marks =
        new ReadingMarks() {
          @Override
          public boolean begin(Event event) {
            return false;
          }

          @Override
          public void end() {}
        };

    Event said = read(ImageStore.open(root.resolve("kept"), 1 << 20), captured("ordinary"));

    assertThat(text(said, "sha256")).isEqualTo(Digests.sha256(seed("ordinary")));
    assertThat(said.argument("name")).isEmpty();
    assertThat(String.valueOf(said.argument("gaps")))
        .contains(
            "the image cannot be read: Kmodwatch ended as it read it before, and does not read it"
                + " again");
    assertThat(said.argument("kept")).isPresent();
  }

  @Test
  void compressedImages_areNotRead_whenTheyTookTooMuchTime() throws IOException {
    LoadedImages reader = reader(null);
    // 0.9 s each time that somebody looks: what decompresses does so again and again.
    nanosPerLook = 900_000_000;
    for (int i = 0; i < 6; i++) {
      byte[] other = Arrays.copyOf(array(seed("zstd")), seed("zstd").remaining() + 8 + i);
      Event said =
          reader.read(
              event("module_image").build(),
              new CapturedImage(bytes(ByteBuffer.wrap(other)), null));
      assertThat(String.valueOf(said.argument("gaps"))).contains("the image cannot be read: ");
    }
    nanosPerLook = 0;

    Event said = reader.read(event("module_image").build(), captured("zstd"));
    assertThat(text(said, "sha256")).isEqualTo(Digests.sha256(seed("zstd")));
    assertThat(String.valueOf(said.argument("gaps")))
        .contains("the image cannot be read: too much time was spent on compressed images lately");
    assertThat(text(reader.read(event("module_image").build(), captured("ordinary")), "name"))
        .isEqualTo("ordinary");

    nanos += 100_000_000_000L;
    assertThat(text(reader.read(event("module_image").build(), captured("zstd")), "name"))
        .isEqualTo("ordinary");
  }

  @Test
  void moduleInMemory_isFromTheFileThatIsOpen_ifItsBytesComeOutOfIt() throws IOException {
    Path xz = Files.write(root.resolve("a.ko.xz"), array(seed("xz")));
    new RootFolder(root).isOn("ext4", xz);

    Event said = reader(null).read(inCall("init_module", xz), captured("ordinary"));

    assertThat(text(said, "pathname")).isEqualTo("/a.ko.xz");
    assertThat(said.argument("inode"))
        .contains(Value.of(new RootFolder(root).identity(xz).inode()));
    assertThat(said.argument("here")).contains(Value.of(true));
    assertThat(said.argument("gaps")).isEmpty();
  }

  @Test
  void moduleInMemory_isFromNoFile_ifAnotherIsOpen() throws IOException {
    Path other = Files.write(root.resolve("ordinary.ko"), array(seed("small")));
    new RootFolder(root).isOn("ext4", other);

    Event said = reader(null).read(inCall("init_module", other), captured("ordinary"));

    assertThat(said.argument("pathname")).isEmpty();
    assertThat(String.valueOf(said.argument("gaps")))
        .contains("the loader had a module file open that is another module");
  }

  @Test
  void moduleInMemory_isFromTheFileThatItsThreadTriedBefore() throws IOException {
    Path tried = Files.write(root.resolve("a.ko.gz"), array(seed("gzip")));
    new RootFolder(root).isOn("ext4", tried);
    LoadedImages reader = reader(null);

    reader.read(inCall("finit_module", tried), captured("gzip"));
    Event second = reader.read(inCall("init_module", null), captured("ordinary"));
    Event third = reader.read(inCall("init_module", null), captured("small"));

    assertThat(text(second, "pathname")).isEqualTo("/a.ko.gz");
    assertThat(third.argument("pathname")).as("of other bytes").isEmpty();
    assertThat(third.argument("gaps")).isEmpty();
  }

  @Test
  void moduleInMemory_whoseFileIsGone_hasAGapThatSaysSo() throws IOException {
    Path xz = Files.write(root.resolve("a.ko.xz"), array(seed("xz")));
    new RootFolder(root).isOn("ext4", xz);
    Event event = inCall("init_module", xz);
    Files.delete(xz);

    Event said = reader(null).read(event, captured("ordinary"));

    assertThat(said.argument("pathname")).isEmpty();
    assertThat(String.valueOf(said.argument("gaps")))
        .contains(
            "whether the module is from it is not known: the file cannot be read here, or is no"
                + " longer what it was");
  }

  @Test
  void moduleThatNobodyCanRead_isFromTheOpenFileOfItsName_ifTheKernelTrustsItsSigner()
      throws IOException {
    Path file = Files.write(root.resolve("some-driver.ko.xz"), array(seed("xz")));
    new RootFolder(root).isOn("ext4", file);
    var unread = new CapturedImage(new CapturedImage.Bytes(4096, null, null), null);
    Event signed = inCall("init_module", file, new Argument("sig_ok", "bool", Value.of(true)));
    Event unsigned = inCall("init_module", file, new Argument("sig_ok", "bool", Value.of(false)));

    Event named = reader(null).read(signed, unread);

    assertThat(text(named, "pathname")).isEqualTo("/some-driver.ko.xz");
    assertThat(String.valueOf(named.argument("gaps")))
        .contains("by its name alone, since not all of the module's bytes came through");
    assertThat(reader(null).read(unsigned, unread).argument("pathname")).isEmpty();
  }

  /** The image of a module some_driver, in a call of the thread 4242. */
  private Event inCall(String call, @Nullable Path file, Argument... arguments) throws IOException {
    var context =
        new SensorContext(
            1,
            0,
            false,
            file == null ? null : new RootFolder(root).identity(file),
            "some_driver",
            false,
            null,
            null);
    return SensorContexts.with(event("module_image").in(call).build(), context)
        .withArgs(List.of(arguments));
  }

  private Event read(@Nullable ImageStore store, CapturedImage image) {
    return reader(store).read(event("module_image").build(), image);
  }

  private LoadedImages reader(@Nullable ImageStore store) {
    return new LoadedImages(
        root,
        store,
        marks,
        InstantSource.fixed(Instant.parse("2026-11-24T00:00:00Z")),
        () -> nanos += nanosPerLook,
        complaints::add);
  }

  private static byte[] emptyGzipMembers(int count) throws IOException {
    var empty = new ByteArrayOutputStream();
    new GZIPOutputStream(empty).close();
    var all = new ByteArrayOutputStream();
    for (int i = 0; i < count; i++) {
      all.writeBytes(empty.toByteArray());
    }
    return all.toByteArray();
  }

  private static CapturedImage captured(String seed) throws IOException {
    return new CapturedImage(bytes(seed(seed)), null);
  }

  private static CapturedImage.Bytes bytes(ByteBuffer bytes) {
    return new CapturedImage.Bytes(bytes.remaining(), Digests.sha256(bytes), bytes);
  }

  private static ByteBuffer seed(String name) throws IOException {
    return ByteBuffer.wrap(Files.readAllBytes(SEEDS.resolve(name)));
  }

  private static byte[] array(ByteBuffer bytes) {
    var array = new byte[bytes.remaining()];
    bytes.duplicate().get(array);
    return array;
  }

  private static String text(Event event, String argument) {
    return event.stringArgument(argument).orElse("absent");
  }
}
