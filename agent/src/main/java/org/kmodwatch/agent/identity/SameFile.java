package org.kmodwatch.agent.identity;

import java.io.IOException;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.kmodwatch.core.event.SensorContext;
import org.kmodwatch.sensor.kernel.HeldFile;

/**
 * Reads the file that the kernel had open, if it still is that file. Device, inode and time of the
 * last change must be the same, before and after.
 *
 * <p>Only on file systems in the kernel and on this machine. A file system that a process or
 * another machine serves may make a reader wait for ever. The file at the path is not opened before
 * it is known to be that file. So a FIFO in its place does not make the reader wait.
 */
final class SameFile {

  /** The largest file. Larger files are not modules. */
  private static final long MAX_BYTES = 256L << 20;

  private static final Set<String> LOCAL =
      Set.of(
          "ext2",
          "ext3",
          "ext4",
          "xfs",
          "btrfs",
          "f2fs",
          "tmpfs",
          "rootfs",
          "ramfs",
          "overlay",
          "squashfs",
          "erofs",
          "vfat",
          "iso9660",
          "zfs");

  private final Path root;

  SameFile(Path root) {
    this.root = root;
  }

  /** Reads the contents. */
  @FunctionalInterface
  interface Reader<T> {
    T read(MappedByteBuffer contents);
  }

  /**
   * Passes the content of the file to {@code reader}.
   *
   * @param identity the file, as the kernel had it; found by its path in this process's mount
   *     namespace
   * @return the reader's result; empty if the file is gone, changed, or must not be read
   */
  <T> Optional<T> read(SensorContext.FileIdentity identity, Reader<T> reader) {
    Mount mount = localMountOf(identity).orElse(null);
    if (!identity.path().startsWith("/") || mount == null) {
      return Optional.empty();
    }
    Path file = root.resolve(identity.path().substring(1));
    try {
      return read(file, identity, mount, reader);
    } catch (IOException | IllegalArgumentException | InternalError goneOrCut) {
      // If a mapped file is cut short, the access to its page throws an InternalError.
      return Optional.empty();
    }
  }

  private static <T> Optional<T> read(
      Path file, SensorContext.FileIdentity identity, Mount mount, Reader<T> reader)
      throws IOException {
    try (HeldFile held = HeldFile.of(file, LinkOption.NOFOLLOW_LINKS)) {
      if (!is(held.path(), identity, mount)) {
        return Optional.empty();
      }
      try (FileChannel channel = held.read()) {
        long size = channel.size();
        if (size <= 0 || size > MAX_BYTES) {
          return Optional.empty();
        }
        T result = reader.read(channel.map(FileChannel.MapMode.READ_ONLY, 0, size));
        return is(held.path(), identity, mount) && channel.size() == size
            ? Optional.of(result)
            : Optional.empty();
      }
    }
  }

  /**
   * Returns whether the file is unchanged since the kernel had it, by its path in this process's
   * namespace.
   */
  boolean isThere(SensorContext.FileIdentity identity) {
    Mount mount = localMountOf(identity).orElse(null);
    try {
      return identity.path().startsWith("/")
          && mount != null
          && is(
              root.resolve(identity.path().substring(1)),
              identity,
              mount,
              LinkOption.NOFOLLOW_LINKS);
    } catch (IOException | IllegalArgumentException gone) {
      return false;
    }
  }

  private static boolean is(
      Path file, SensorContext.FileIdentity identity, Mount mount, LinkOption... options)
      throws IOException {
    Map<String, Object> found =
        Files.readAttributes(file, "unix:dev,ino,ctime,isRegularFile", options);
    return Boolean.TRUE.equals(found.get("isRegularFile"))
        && found.get("dev") instanceof Long device
        && (mount.hasDevicesOfItsOwn() || kernelDevice(device) == identity.device())
        && found.get("ino") instanceof Long inode
        && inode == identity.inode()
        && found.get("ctime") instanceof FileTime changed
        && changed.to(TimeUnit.NANOSECONDS) == identity.ctimeNanos();
  }

  /** Returns the kernel's own form of a device number of stat(2) (include/linux/kdev_t.h). */
  static long kernelDevice(long dev) {
    return major(dev) << 20 | minor(dev);
  }

  private static long major(long dev) {
    return (dev >>> 8 & 0xfff) | (dev >>> 32 & ~0xfffL);
  }

  private static long minor(long dev) {
    return (dev & 0xff) | (dev >>> 12 & ~0xffL);
  }

  /**
   * Returns the mount of a path, by /proc/self/mountinfo (proc(5)). Does not touch the file system
   * itself. Returns empty if the mount has another device, or is not local.
   */
  private Optional<Mount> localMountOf(SensorContext.FileIdentity identity) {
    try (Stream<String> lines = Files.lines(root.resolve("proc/self/mountinfo"))) {
      return lines
          .flatMap(line -> Mount.of(line).stream())
          .filter(mount -> mount.holds(identity.path()))
          // Of two mounts on one point the later is on top.
          .reduce((one, other) -> other.point.length() >= one.point.length() ? other : one)
          .filter(mount -> mount.device == identity.device() && LOCAL.contains(mount.type));
    } catch (IOException | java.io.UncheckedIOException unknown) {
      return Optional.empty();
    }
  }

  /**
   * A line of mountinfo.
   *
   * @param device the device of its superblock, as the kernel has it
   * @param point the mount point
   * @param type the type of the file system
   */
  private record Mount(long device, String point, String type) {

    static Optional<Mount> of(String line) {
      String[] parts = line.split(" ", 6);
      int dash = line.indexOf(" - ");
      if (parts.length < 6 || dash < 0) {
        return Optional.empty();
      }
      String[] numbers = parts[2].split(":", 2);
      try {
        return Optional.of(
            new Mount(
                Long.parseLong(numbers[0]) << 20 | Long.parseLong(numbers[1]),
                parts[4],
                line.substring(dash + 3).split(" ", 2)[0]));
      } catch (NumberFormatException | ArrayIndexOutOfBoundsException damaged) {
        return Optional.empty();
      }
    }

    boolean holds(String path) {
      return point.equals("/") || path.startsWith(point + "/");
    }

    /**
     * Returns whether stat(2) returns other devices than the kernel has. It does so for each
     * subvolume of btrfs.
     */
    boolean hasDevicesOfItsOwn() {
      return type.equals("btrfs");
    }
  }
}
