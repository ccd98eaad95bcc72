package org.kmodwatch.agent.identity;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.kmodwatch.image.Compression;

/**
 * Keeps images in a separate folder: each once, by its hash, readable for the owner only. A file is
 * complete or does not exist. If the folder holds too much, the images that were not used for
 * longest are removed. The store is bounded by its disk space, and by the number of images for the
 * heap's sake: an image costs the heap about 100 bytes, whatever its size.
 */
public final class ImageStore {

  /** The default of the disk space. */
  public static final long DEFAULT_MAX_BYTES = 1L << 30;

  /** The largest number of images: enough for several kernels, in about 6 MiB of the heap. */
  public static final int MAX_IMAGES = 1 << 16;

  /** The default block size of ext4, XFS and btrfs. */
  private static final int BLOCK_BYTES = 4096;

  private static final Pattern OURS = Pattern.compile("[0-9a-f]{64}\\.ko(\\.(gz|xz|zst))?");
  private static final Pattern UNFINISHED = Pattern.compile("\\.[0-9a-f]{64}\\.[0-9]+\\.part");

  private static final Set<PosixFilePermission> FOLDER =
      PosixFilePermissions.fromString("rwx------");
  private static final Set<PosixFilePermission> FILE = PosixFilePermissions.fromString("rw-------");

  private final Path folder;
  private final long maxBytes;
  private final int maxImages;

  /** The blocks of each image, the least recently used image first. */
  private final Map<Image, Integer> blocks = new LinkedHashMap<>(16, 0.75f, true);

  /** The sum of all images, in blocks. */
  private long total;

  private ImageStore(Path folder, long maxBytes, int maxImages) {
    this.folder = folder;
    this.maxBytes = maxBytes;
    this.maxImages = maxImages;
  }

  /** An image's hash and form. It takes a third of the heap of its file's name. */
  private record Image(long first, long second, long third, long fourth, Compression form) {

    /**
     * Returns the image of a file name.
     *
     * @param name a name that matches {@link #OURS}
     */
    static Image of(String name) {
      return new Image(
          Long.parseUnsignedLong(name, 0, 16, 16),
          Long.parseUnsignedLong(name, 16, 32, 16),
          Long.parseUnsignedLong(name, 32, 48, 16),
          Long.parseUnsignedLong(name, 48, 64, 16),
          switch (name.substring(64)) {
            case ".ko.gz" -> Compression.GZIP;
            case ".ko.xz" -> Compression.XZ;
            case ".ko.zst" -> Compression.ZSTD;
            default -> Compression.NONE;
          });
    }

    String name() {
      HexFormat hex = HexFormat.of();
      return hex.toHexDigits(first)
          + hex.toHexDigits(second)
          + hex.toHexDigits(third)
          + hex.toHexDigits(fourth)
          + ending(form);
    }
  }

  /**
   * Opens a folder, and creates it if it does not exist.
   *
   * @param maxBytes how many bytes of the disk images may take, in blocks of 4 KiB
   * @throws IOException if it cannot be created or read, or others may read it too
   */
  public static ImageStore open(Path folder, long maxBytes) throws IOException {
    return open(folder, maxBytes, MAX_IMAGES);
  }

  /** Opens a folder in tests, with another limit of the number. */
  static ImageStore open(Path folder, long maxBytes, int maxImages) throws IOException {
    try {
      Path parent = folder.toAbsolutePath().getParent();
      if (parent != null) {
        Files.createDirectories(parent);
      }
      Files.createDirectory(folder, PosixFilePermissions.asFileAttribute(FOLDER));
    } catch (FileAlreadyExistsException there) {
      requirePrivate(folder);
    }
    var store = new ImageStore(folder.toAbsolutePath().normalize(), maxBytes, maxImages);
    store.look();
    return store;
  }

  private static void requirePrivate(Path folder) throws IOException {
    if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
      throw new IOException("not a folder to keep images in: " + folder);
    }
    Set<PosixFilePermission> others = EnumSet.copyOf(Files.getPosixFilePermissions(folder));
    others.removeAll(FOLDER);
    if (!others.isEmpty()) {
      throw new IOException(
          "others may look into the folder to keep images in; remedy: chmod 700 " + folder);
    }
  }

  /** Reads the images of an earlier process, and removes those above the limits. */
  private void look() throws IOException {
    record Found(Image image, int blocks, long usedNanos) {}
    // No more of them at once than are kept: the folder may contain any number.
    var found = new PriorityQueue<Found>(Comparator.comparingLong(Found::usedNanos));
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
      for (Path file : files) {
        String name = String.valueOf(file.getFileName());
        if (UNFINISHED.matcher(name).matches()) {
          Files.deleteIfExists(file);
        } else if (OURS.matcher(name).matches()) {
          BasicFileAttributes attributes =
              Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
          if (!attributes.isRegularFile()) {
            // A file of somebody else that is not an image.
            continue;
          }
          found.add(
              new Found(
                  Image.of(name),
                  blocksOf(attributes.size()),
                  attributes.lastModifiedTime().to(TimeUnit.NANOSECONDS)));
          if (found.size() > maxImages) {
            Files.deleteIfExists(folder.resolve(found.remove().image().name()));
          }
        }
      }
    }
    for (Found next; (next = found.poll()) != null; ) {
      remember(next.image(), next.blocks());
    }
    makeRoom(0, 0);
  }

  /**
   * Keeps an image.
   *
   * @param sha256 its hash, hexadecimal in lower case
   * @param bytes all of its bytes; their position is not changed
   * @param now the current time
   * @return the file that keeps it
   * @throws IOException if it cannot be kept; then no part of it is left
   */
  public Path keep(String sha256, ByteBuffer bytes, Instant now) throws IOException {
    String name = sha256 + ending(Compression.of(bytes));
    if (!OURS.matcher(name).matches()) {
      throw new IllegalArgumentException("not a hash: sha256=" + sha256);
    }
    Image image = Image.of(name);
    Path file = folder.resolve(name);
    if (blocks.get(image) != null && isThere(file, bytes.remaining())) {
      Files.setLastModifiedTime(file, FileTime.from(now));
      return file;
    }
    forget(image);
    int wanted = blocksOf(bytes.remaining());
    if (bytesOf(wanted) > maxBytes) {
      throw new IOException(
          "the image is larger than what may be kept: size=%d, onDisk=%d, limit=%d"
              .formatted(bytes.remaining(), bytesOf(wanted), maxBytes));
    }
    makeRoom(1, wanted);
    write(file, sha256, bytes, now);
    remember(image, wanted);
    return file;
  }

  private void write(Path file, String sha256, ByteBuffer bytes, Instant now) throws IOException {
    Path part =
        folder.resolve(
            String.format(Locale.ROOT, ".%s.%d.part", sha256, ProcessHandle.current().pid()));
    try {
      Files.deleteIfExists(part);
      try (FileChannel out =
          FileChannel.open(
              part,
              Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
              PosixFilePermissions.asFileAttribute(FILE))) {
        ByteBuffer left = bytes.duplicate();
        while (left.hasRemaining()) {
          out.write(left);
        }
        // Before the rename: a file with that name is complete even if the power fails.
        out.force(true);
      }
      // The same clock as at its next use: the order must outlive a restart.
      Files.setLastModifiedTime(part, FileTime.from(now));
      Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      Files.deleteIfExists(part);
      throw e;
    }
  }

  private void makeRoom(int images, int wanted) throws IOException {
    while (!blocks.isEmpty()
        && (bytesOf(total + wanted) > maxBytes || blocks.size() + images > maxImages)) {
      Image oldest = blocks.keySet().iterator().next();
      // First: a file that cannot be removed must not block the removal of all others.
      forget(oldest);
      Files.deleteIfExists(folder.resolve(oldest.name()));
    }
  }

  private void remember(Image image, int taken) {
    blocks.put(image, taken);
    total += taken;
  }

  private void forget(Image image) {
    Integer taken = blocks.remove(image);
    if (taken != null) {
      total -= taken;
    }
  }

  /**
   * Returns the blocks of a file. A file without bytes counts as one block, because it takes an
   * inode and a name.
   */
  private static int blocksOf(long size) {
    return Math.clamp(Math.ceilDiv(size, BLOCK_BYTES), 1, Integer.MAX_VALUE);
  }

  private static long bytesOf(long blocks) {
    return blocks * BLOCK_BYTES;
  }

  private static boolean isThere(Path file, long size) throws IOException {
    return Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) && Files.size(file) == size;
  }

  private static String ending(Compression compression) {
    return switch (compression) {
      case NONE -> ".ko";
      case GZIP -> ".ko.gz";
      case XZ -> ".ko.xz";
      case ZSTD -> ".ko.zst";
    };
  }
}
