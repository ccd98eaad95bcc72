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
 * Says whether names in some folders may stand for something else than when they were last looked
 * at one by one. A folder's time of change moves with each name that is made, removed or renamed in
 * it (bpffs: {@code kernel/bpf/inode.c}, and the {@code simple_} functions of {@code fs/libfs.c}).
 * A mount over a single name does not move it, and root can set the clock that it comes from; so
 * all is looked at now and then anyway. One thread.
 */
final class FolderStamps {

  /** What is the same for so long is looked at one by one all the same. */
  static final Duration LONGEST = Duration.ofSeconds(10);

  /** The kernel's time of change goes in steps of ten milliseconds at most; this is far more. */
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
   * Whether the names are to be looked at one by one.
   *
   * @param nowNanos by a clock that only goes forward
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
   * Notes that all names stand for what they should, as was found after {@link #mayDiffer} was
   * asked. That holds from then on only if the folders were as they are for longer than one step of
   * the kernel's time.
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
