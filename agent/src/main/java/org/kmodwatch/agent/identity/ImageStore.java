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
 * Keeps images in a folder of their own: each once, by its hash, for nobody but the owner. A file
 * is whole or not there. What is more than the folder may hold goes, that which was not used for
 * longest first. It is bounded by the disk that it takes, and by number for the heap's sake: an
 * image costs the heap about 100 bytes, whatever its size.
 */
public final class ImageStore {

  /** What it may hold if nothing else is said. */
  public static final long DEFAULT_MAX_BYTES = 1L << 30;

  /** How many images it may hold: several kernels' worth, in about 6 MiB of the heap. */
  public static final int MAX_IMAGES = 1 << 16;

  /** What ext4, XFS and btrfs give to files, unless told otherwise. */
  private static final int BLOCK_BYTES = 4096;

  private static final Pattern OURS = Pattern.compile("[0-9a-f]{64}\\.ko(\\.(gz|xz|zst))?");
  private static final Pattern UNFINISHED = Pattern.compile("\\.[0-9a-f]{64}\\.[0-9]+\\.part");

  private static final Set<PosixFilePermission> FOLDER =
      PosixFilePermissions.fromString("rwx------");
  private static final Set<PosixFilePermission> FILE = PosixFilePermissions.fromString("rw-------");

  private final Path folder;
  private final long maxBytes;
  private final int maxImages;

  /** Blocks by image, the one used least lately first. */
  private final Map<Image, Integer> blocks = new LinkedHashMap<>(16, 0.75f, true);

  /** Of all of them, in blocks. */
  private long total;

  private ImageStore(Path folder, long maxBytes, int maxImages) {
    this.folder = folder;
    this.maxBytes = maxBytes;
    this.maxImages = maxImages;
  }

  /** An image's hash and form, which are its file's name in a third of the heap. */
  private record Image(long first, long second, long third, long fourth, Compression form) {

    /**
     * The one whose file has a name.
     *
     * @param name as {@link #OURS} has it
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
   * Opens a folder, which is made if it is not there.
   *
   * @param maxBytes how many bytes of the disk images may take, in blocks of 4 KiB
   * @throws IOException if it cannot be made or read, or others may read it too
   */
  public static ImageStore open(Path folder, long maxBytes) throws IOException {
    return open(folder, maxBytes, MAX_IMAGES);
  }

  /** In tests, with another bound on their number. */
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

  /** Takes account of what is there from before, and removes what is too much of it. */
  private void look() throws IOException {
    record Found(Image image, int blocks, long usedNanos) {}
    // No more of them at once than are kept: what was there before may be any number.
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
            // Somebody else's, and no image.
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
   * @param bytes all of it; its position stays
   * @param now what time it is
   * @return where it is kept
   * @throws IOException if it cannot be kept; nothing of it is left then
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
        // Before it has its name: a file with that name is whole even if the power fails.
        out.force(true);
      }
      // By the same clock as when it is used again: the order must outlive a restart.
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
      // First: one that cannot go must not keep all others from going.
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
   * A file without bytes takes one too: it has an inode and a name, of which a disk has so many.
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
