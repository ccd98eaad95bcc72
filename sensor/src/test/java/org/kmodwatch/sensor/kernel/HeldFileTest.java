package org.kmodwatch.sensor.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 20, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HeldFileTest {

  private static final CFunction FCNTL = CFunction.of(Native.libc(), "fcntl");
  private static final int F_SETSIG = 10;
  private static final int F_SETLEASE = 1024;
  private static final int F_WRLCK = 1;

  /** A signal that by default ends no process. */
  private static final int SIGURG = 23;

  @TempDir Path folder;

  @Test
  void file_isRead_afterAnotherTookItsName() throws IOException {
    Path file = Files.writeString(folder.resolve("a"), "held");
    try (HeldFile held = HeldFile.of(file)) {
      Files.move(
          Files.writeString(folder.resolve("b"), "another"),
          file,
          StandardCopyOption.REPLACE_EXISTING);

      assertThat(text(held)).isEqualTo("held");
      assertThat(Files.size(held.path())).isEqualTo(4);
    }
  }

  @Test
  void fifo_isHeld_andNotOpened() throws Exception {
    Path fifo = folder.resolve("fifo");
    assertThat(new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor()).isZero();
    try (HeldFile held = HeldFile.of(fifo)) {
      assertThatThrownBy(held::read)
          .isInstanceOf(IOException.class)
          .hasMessage("not a regular file: " + held.path());
    }
  }

  @Test
  void fileWithALease_isRefused_andNotWaitedFor() throws IOException {
    // The kernel breaks the lease after /proc/sys/fs/lease-break-time, 45 s.
    Path file = Files.writeString(folder.resolve("a"), "leased");
    int owner = Descriptors.open(file, 0);
    try {
      assertThat((int) FCNTL.call(owner, F_SETSIG, SIGURG)).isZero();
      assertThat((int) FCNTL.call(owner, F_SETLEASE, F_WRLCK)).isZero();
      try (HeldFile held = HeldFile.of(file)) {
        long before = System.nanoTime();
        assertThatThrownBy(held::read)
            .isInstanceOf(IOException.class)
            .hasMessageStartingWith("cannot be opened: " + held.path() + ": ")
            .hasMessageEndingWith("(errno=11)");
        assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(5));
      }
    } finally {
      Descriptors.close(owner);
    }
  }

  @Test
  void link_isFollowed_unlessItselfIsAskedFor() throws IOException {
    Files.writeString(folder.resolve("a"), "text");
    Path link = Files.createSymbolicLink(folder.resolve("link"), Path.of("a"));

    try (HeldFile held = HeldFile.of(link)) {
      assertThat(text(held)).isEqualTo("text");
    }
    try (HeldFile held = HeldFile.of(link, LinkOption.NOFOLLOW_LINKS)) {
      assertThatThrownBy(held::read).isInstanceOf(IOException.class);
    }
  }

  @Test
  void nothing_cannotBeHeld() {
    Path file = folder.resolve("absent");

    assertThatThrownBy(() -> HeldFile.of(file))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith(
            "cannot be held: " + file + ": No such file or directory (errno=2)");
  }

  @Test
  void descriptors_areGivenBack() throws IOException {
    Path file = Files.writeString(folder.resolve("a"), "text");
    long before = openDescriptors();
    for (int i = 0; i < 50; i++) {
      try (HeldFile held = HeldFile.of(file)) {
        assertThat(text(held)).isEqualTo("text");
      }
    }

    assertThat(openDescriptors()).isLessThan(before + 40);
  }

  private static long openDescriptors() throws IOException {
    try (var entries = Files.list(Path.of("/proc/self/fd"))) {
      return entries.count();
    }
  }

  private static String text(HeldFile held) throws IOException {
    try (FileChannel channel = held.read()) {
      ByteBuffer bytes = ByteBuffer.allocate(64);
      channel.read(bytes, 0);
      return new String(bytes.array(), 0, bytes.position(), StandardCharsets.UTF_8);
    }
  }
}
