package org.kmodwatch.agent.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kmodwatch.core.event.SensorContext;

class SameFileTest {

  @TempDir Path root;
  private Path file;

  @BeforeEach
  void makeFile() throws IOException {
    file = Files.writeString(root.resolve("a.ko"), "module");
    mountsAre("ext4");
  }

  @Test
  void unchangedFile_isRead() throws IOException {
    assertThat(read(identity())).isEqualTo("module");
    assertThat(new SameFile(root).isThere(identity())).isTrue();
  }

  @Test
  void anotherFileOfTheSameName_isNot() throws IOException {
    SensorContext.FileIdentity before = identity();
    Path other = Files.writeString(root.resolve("b.ko"), "module");
    Files.move(other, file, StandardCopyOption.REPLACE_EXISTING);

    assertThat(read(before)).isEqualTo("nothing");
    assertThat(new SameFile(root).isThere(before)).isFalse();
  }

  @Test
  void fileThatWasWrittenTo_isNot() throws IOException {
    SensorContext.FileIdentity before = identity();
    var changed =
        new SensorContext.FileIdentity(
            before.path(), before.device(), before.inode(), before.ctimeNanos() - 1);

    assertThat(read(changed)).isEqualTo("nothing");
  }

  @Test
  void linkToTheFile_isNot() throws IOException {
    SensorContext.FileIdentity before = identity();
    Files.createSymbolicLink(root.resolve("link.ko"), file);

    assertThat(
            read(
                new SensorContext.FileIdentity(
                    "/link.ko", before.device(), before.inode(), before.ctimeNanos())))
        .isEqualTo("nothing");
  }

  /** The file itself stays as it is: a link on the way to it leads to one or the other. */
  @Test
  void fileThatIsSwappedForAFifo_isNotWaitedFor() throws Exception {
    Path fifos = Files.createDirectory(root.resolve("fifos"));
    Path fifo = fifos.resolve("a.ko");
    assertThat(new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor()).isZero();
    Path files = Files.createDirectory(root.resolve("files"));
    Files.move(file, files.resolve("a.ko"));
    file = files.resolve("a.ko");
    Path way = Files.createSymbolicLink(root.resolve("way"), files);
    SensorContext.FileIdentity at = identity();
    var identity =
        new SensorContext.FileIdentity("/way/a.ko", at.device(), at.inode(), at.ctimeNanos());
    var done = new AtomicBoolean();
    var times = new AtomicInteger();
    Thread reading =
        Thread.ofPlatform()
            .daemon()
            .start(
                () -> {
                  while (!done.get()) {
                    read(identity);
                    times.incrementAndGet();
                  }
                });
    try {
      int last = 0;
      for (int i = 0; i < 20_000 && reading.isAlive(); i++) {
        Path next = Files.createSymbolicLink(root.resolve("next"), i % 2 == 0 ? fifos : files);
        Files.move(next, way, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        if (i % 1_000 == 999) {
          int before = last;
          await().atMost(Duration.ofSeconds(10)).until(() -> times.get() > before);
          last = times.get();
        }
      }
      assertThat(reading.isAlive()).isTrue();
    } finally {
      done.set(true);
      // Whoever waits for a writer has one.
      FileChannel.open(fifo, StandardOpenOption.READ, StandardOpenOption.WRITE).close();
    }
  }

  @Test
  void fileOfASubvolume_isRead_thoughStatHasAnotherDevice() throws IOException {
    SensorContext.FileIdentity own = identity();
    var asTheKernelHasIt =
        new SensorContext.FileIdentity(own.path(), 5, own.inode(), own.ctimeNanos());
    Path mounts = root.resolve("proc/self/mountinfo");

    Files.writeString(mounts, "21 1 0:5 /@rootfs / rw - btrfs /dev/vda rw\n");
    assertThat(read(asTheKernelHasIt)).isEqualTo("module");

    Files.writeString(mounts, "21 1 0:5 / / rw - ext4 /dev/vda rw\n");
    assertThat(read(asTheKernelHasIt)).as("another file system").isEqualTo("nothing");
  }

  @Test
  void fileOfAMountThatIsNotOnItsPath_isNotRead() throws IOException {
    SensorContext.FileIdentity own = identity();
    long device = own.device();
    Files.writeString(
        root.resolve("proc/self/mountinfo"),
        "21 1 0:77 / / rw - ext4 /dev/vda rw\n22 1 %d:%d / /other rw - ext4 /dev/vdb rw\n"
            .formatted(device >>> 20, device & 0xfffff));
    assertThat(read(own)).isEqualTo("nothing");
  }

  @Test
  void fileThatAProcessServes_isNotTouched() throws IOException {
    SensorContext.FileIdentity before = identity();
    mountsAre("fuse.sshfs");
    assertThat(read(before)).isEqualTo("nothing");

    mountsAre("nfs4");
    assertThat(read(before)).isEqualTo("nothing");
  }

  @Test
  void fileThatIsGone_isNotRead() throws IOException {
    SensorContext.FileIdentity before = identity();
    Files.delete(file);

    assertThat(read(before)).isEqualTo("nothing");
  }

  @Test
  void deviceNumbers_areTheKernelsOwn() {
    // makedev(254, 3) and makedev(0x1234, 0x56789) of glibc.
    assertThat(SameFile.kernelDevice(0xfe03)).isEqualTo(254L << 20 | 3);
    assertThat(SameFile.kernelDevice(0x0000_1000_5672_3489L)).isEqualTo(0x1234L << 20 | 0x56789);
  }

  private String read(SensorContext.FileIdentity identity) {
    return new SameFile(root)
        .read(identity, contents -> StandardCharsets.UTF_8.decode(contents).toString())
        .orElse("nothing");
  }

  /** The file as the kernel would tell of it. */
  private SensorContext.FileIdentity identity() throws IOException {
    return new RootFolder(root).identity(file);
  }

  private void mountsAre(String type) throws IOException {
    new RootFolder(root).isOn(type, file);
  }
}
