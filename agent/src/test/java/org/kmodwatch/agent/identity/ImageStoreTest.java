package org.kmodwatch.agent.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageStoreTest {

  private static final Instant T = Instant.parse("2026-11-24T00:00:00Z");
  private static final long BLOCK = 4096;

  @TempDir Path folder;

  @Test
  void image_isKeptByItsHash_forItsOwnerAlone() throws IOException {
    Path kept = folder.resolve("a/b/images");

    Path file = keep(ImageStore.open(kept, 3 * BLOCK), image(10, 1), T);

    assertThat(file).isEqualTo(kept.resolve(Digests.sha256(image(10, 1)) + ".ko"));
    assertThat(Files.readAllBytes(file)).isEqualTo(image(10, 1).array());
    assertThat(permissions(file)).isEqualTo("rw-------");
    assertThat(permissions(kept)).isEqualTo("rwx------");
    assertThat(names(kept)).hasSize(1);
  }

  @Test
  void compressedImage_hasTheEndingOfItsForm() throws IOException {
    ImageStore store = ImageStore.open(folder.resolve("images"), 3 * BLOCK);
    ByteBuffer xz = ByteBuffer.wrap(new byte[] {(byte) 0xfd, '7', 'z', 'X', 'Z', 0, 1});

    assertThat(keep(store, xz, T).toString()).endsWith(".ko.xz");
  }

  @Test
  void sameImage_isKeptOnce() throws IOException {
    Path kept = folder.resolve("images");
    ImageStore store = ImageStore.open(kept, 3 * BLOCK);

    Path first = keep(store, image(10, 1), T);
    Path second = keep(store, image(10, 1), T.plusSeconds(5));

    assertThat(second).isEqualTo(first);
    assertThat(names(kept)).hasSize(1);
  }

  @Test
  void pastTheBound_whatWasNotUsedForLongestGoes() throws IOException {
    Path kept = folder.resolve("images");
    ImageStore store = ImageStore.open(kept, 3 * BLOCK);
    Path first = keep(store, image(10, 1), T);
    Path second = keep(store, image(10, 2), T.plusSeconds(1));
    Path third = keep(store, image(10, 3), T.plusSeconds(2));
    keep(store, image(10, 1), T.plusSeconds(3));

    Path fourth = keep(store, image(4097, 4), T.plusSeconds(4));

    assertThat(List.of(second, third)).allMatch(Files::notExists);
    assertThat(List.of(first, fourth)).allMatch(Files::exists);
  }

  @Test
  void smallImages_countByTheBlocksThatTheyTake() throws IOException {
    Path kept = folder.resolve("images");
    ImageStore store = ImageStore.open(kept, 2 * BLOCK);
    Path empty = keep(store, image(0, 0), T);
    Path second = keep(store, image(10, 2), T.plusSeconds(1));

    Path third = keep(store, image(10, 3), T.plusSeconds(2));

    assertThat(names(kept)).doesNotContain(empty).containsExactlyInAnyOrder(second, third);
  }

  @Test
  void pastTheNumber_whatWasNotUsedForLongestGoes() throws IOException {
    Path kept = folder.resolve("images");
    ImageStore store = ImageStore.open(kept, 1 << 20, 2);
    Path first = keep(store, image(10, 1), T);
    keep(store, image(10, 2), T.plusSeconds(1));
    keep(store, image(10, 1), T.plusSeconds(2));

    Path third = keep(store, image(10, 3), T.plusSeconds(3));

    assertThat(names(kept)).containsExactlyInAnyOrder(first, third);
  }

  @Test
  void atAStart_whatIsPastTheNumberOrTheBlocksGoes_theOldestFirst() throws IOException {
    Path kept = folder.resolve("images");
    ImageStore before = ImageStore.open(kept, 1 << 20);
    keep(before, image(10, 1), T.plusSeconds(2));
    Path second = keep(before, image(10, 2), T.plusSeconds(4));
    keep(before, image(10, 3), T.plusSeconds(1));
    Path fourth = keep(before, image(10, 4), T.plusSeconds(3));

    ImageStore.open(kept, 1 << 20, 2);
    assertThat(names(kept)).containsExactlyInAnyOrder(second, fourth);

    ImageStore.open(kept, BLOCK, 2);
    assertThat(names(kept)).containsExactly(second);
  }

  @Test
  void theSameBytes_areKeptInEachFormThatTheyWereFoundIn() throws IOException {
    Path kept = folder.resolve("images");
    String all = "f0".repeat(32);
    Path plain = Files.write(Files.createDirectory(kept).resolve(all + ".ko"), new byte[1]);
    Path zstd = Files.write(kept.resolve(all + ".ko.zst"), new byte[1]);
    Files.setPosixFilePermissions(kept, PosixFilePermissions.fromString("rwx------"));

    ImageStore.open(kept, 2 * BLOCK);
    assertThat(names(kept)).containsExactlyInAnyOrder(plain, zstd);

    ImageStore.open(kept, 0);
    assertThat(names(kept)).isEmpty();
  }

  @Test
  void afterARestart_theOrderIsTheSame_andWhatWasBegunIsGone() throws IOException {
    Path kept = folder.resolve("images");
    ImageStore before = ImageStore.open(kept, 3 * BLOCK);
    Path first = keep(before, image(10, 1), T);
    Path second = keep(before, image(10, 2), T.plusSeconds(1));
    keep(before, image(10, 1), T.plusSeconds(2));
    Path begun = kept.resolve("." + "0".repeat(64) + ".4711.part");
    Files.write(begun, new byte[5]);
    Path strangers = Files.writeString(kept.resolve("README"), "not ours");

    ImageStore after = ImageStore.open(kept, 3 * BLOCK);
    keep(after, image(4097, 3), T.plusSeconds(3));

    assertThat(second).doesNotExist();
    assertThat(begun).doesNotExist();
    assertThat(first).exists();
    assertThat(strangers).exists();
  }

  @Test
  void fileThatSomebodyTookAway_isWrittenAgain() throws IOException {
    ImageStore store = ImageStore.open(folder.resolve("images"), 3 * BLOCK);
    Files.delete(keep(store, image(10, 1), T));

    assertThat(keep(store, image(10, 1), T)).exists();
  }

  @Test
  void imageLargerThanTheBound_isRefused_andTakesNothingWithIt() throws IOException {
    ImageStore store = ImageStore.open(folder.resolve("images"), 3 * BLOCK - 1);
    Path first = keep(store, image(10, 1), T);

    assertThatThrownBy(() -> keep(store, image(8193, 2), T))
        .isInstanceOf(IOException.class)
        .hasMessage(
            "the image is larger than what may be kept: size=8193, onDisk=12288, limit=12287");
    assertThat(first).exists();
  }

  @Test
  void folderThatOthersMayLookInto_isRefused_withTheRemedy() throws IOException {
    Path open =
        Files.createDirectory(
            folder.resolve("open"),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-xr-x")));
    Path file = Files.writeString(folder.resolve("file"), "");

    assertThatThrownBy(() -> ImageStore.open(open, 3 * BLOCK))
        .isInstanceOf(IOException.class)
        .hasMessage("others may look into the folder to keep images in; remedy: chmod 700 " + open);
    assertThatThrownBy(() -> ImageStore.open(file, 3 * BLOCK))
        .isInstanceOf(IOException.class)
        .hasMessage("not a folder to keep images in: " + file);
  }

  @Test
  void entryThatIsNoImage_keepsNoneFromBeingKept() throws IOException {
    Path kept = folder.resolve("images");
    ImageStore store = ImageStore.open(kept, 2 * BLOCK);
    Path first = keep(store, image(10, 1), T);
    Files.delete(first);
    Files.createDirectories(first.resolve("something"));
    Files.createDirectories(kept.resolve("0".repeat(64) + ".ko/something"));

    Path second = keep(store, image(10, 2), T.plusSeconds(1));
    assertThatThrownBy(() -> keep(store, image(10, 3), T.plusSeconds(2)))
        .isInstanceOf(DirectoryNotEmptyException.class);
    Path third = keep(store, image(10, 3), T.plusSeconds(3));
    Path fourth = keep(ImageStore.open(kept, 2 * BLOCK), image(10, 4), T.plusSeconds(4));

    assertThat(second).doesNotExist();
    assertThat(third).isRegularFile();
    assertThat(fourth).isRegularFile();
  }

  @Test
  void folderThatIsGone_isAnError_andNothingIsLeft() throws IOException {
    Path kept = folder.resolve("images");
    ImageStore store = ImageStore.open(kept, 3 * BLOCK);
    Files.delete(kept);

    assertThatThrownBy(() -> keep(store, image(10, 1), T)).isInstanceOf(IOException.class);
    assertThat(kept).doesNotExist();
  }

  private static Path keep(ImageStore store, ByteBuffer image, Instant now) throws IOException {
    return store.keep(Digests.sha256(image), image, now);
  }

  private static ByteBuffer image(int size, int content) {
    var bytes = new byte[size];
    java.util.Arrays.fill(bytes, (byte) content);
    return ByteBuffer.wrap(bytes);
  }

  private static String permissions(Path file) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
  }

  private static List<Path> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.toList();
    }
  }
}
