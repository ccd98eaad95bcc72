package org.kmodwatch.sensor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Detects whether names in some folders may have changed since they were last checked one by one. A
 * folder's ctime changes with each name that is made, removed or renamed in it (bpffs: {@code
 * kernel/bpf/inode.c}, and the {@code simple_} functions of {@code fs/libfs.c}). A mount over a
 * single name does not change it, and root can set the clock that it comes from. So all names are
 * checked at intervals anyway. One thread may use it.
 */
final class FolderStamps {

  /** The longest time without a check one by one. */
  static final Duration LONGEST = Duration.ofSeconds(10);

  /** The kernel's ctime has steps of ten milliseconds at most. This is far more. */
  private static final long STEP_NANOS = 500_000_000L;

  private final List<Path> folders;
  private List<Map<String, Object>> stamps = List.of();
  private long sinceNanos;
  private long lookedNanos;
  private boolean known;

  FolderStamps(List<Path> folders) {
    this.folders = List.copyOf(folders);
  }

  /**
   * Returns whether the names must be checked one by one.
   *
   * @param nowNanos the time, by a clock that only goes forward
   */
  boolean mayDiffer(long nowNanos) {
    List<Map<String, Object>> now = read();
    if (now.isEmpty() || !now.equals(stamps)) {
      stamps = now;
      sinceNanos = nowNanos;
      known = false;
    }
    return !known || nowNanos - lookedNanos >= LONGEST.toNanos();
  }

  /**
   * Notes that a check after {@link #mayDiffer} found all names right. The next check can only be
   * skipped if the folders were unchanged for longer than one step of the kernel's time.
   */
  void foundAllWell(long nowNanos) {
    known = !stamps.isEmpty() && nowNanos - sinceNanos >= STEP_NANOS;
    lookedNanos = nowNanos;
  }

  private List<Map<String, Object>> read() {
    var read = new ArrayList<Map<String, Object>>();
    try {
      for (Path folder : folders) {
        read.add(Files.readAttributes(folder, "unix:dev,ino,ctime", LinkOption.NOFOLLOW_LINKS));
      }
    } catch (IOException notThere) {
      return List.of();
    }
    return read;
  }
}
