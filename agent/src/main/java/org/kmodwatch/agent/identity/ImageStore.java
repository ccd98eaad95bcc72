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
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.kmodwatch.image.Compression;

/**
 * Keeps images in a folder of their own: each once, by its hash, for nobody but the owner. A file
 * is whole or not there. What is more than the folder may hold goes, that which was not used for
 * longest first.
 */
public final class ImageStore {

  /** What it may hold if nothing else is said. */
  public static final long DEFAULT_MAX_BYTES = 1L << 30;

  private static final Pattern OURS = Pattern.compile("[0-9a-f]{64}\\.ko(\\.(gz|xz|zst))?");
  private static final Pattern UNFINISHED = Pattern.compile("\\.[0-9a-f]{64}\\.[0-9]+\\.part");

  private static final Set<PosixFilePermission> FOLDER =
      PosixFilePermissions.fromString("rwx------");
  private static final Set<PosixFilePermission> FILE = PosixFilePermissions.fromString("rw-------");

  private final Path folder;
  private final long maxBytes;

  /** Size by name, the one used least lately first. */
  private final Map<String, Long> sizes = new LinkedHashMap<>(16, 0.75f, true);

  private long total;

  private ImageStore(Path folder, long maxBytes) {
    this.folder = folder;
    this.maxBytes = maxBytes;
  }

  /**
   * Opens a folder, which is made if it is not there.
   *
   * @param maxBytes how many bytes of images it may hold
   * @throws IOException if it cannot be made or read, or others may read it too
   */
  public static ImageStore open(Path folder, long maxBytes) throws IOException {
    try {
      Path parent = folder.toAbsolutePath().getParent();
      if (parent != null) {
        Files.createDirectories(parent);
      }
      Files.createDirectory(folder, PosixFilePermissions.asFileAttribute(FOLDER));
    } catch (FileAlreadyExistsException there) {
      requirePrivate(folder);
    }
    var store = new ImageStore(folder.toAbsolutePath().normalize(), maxBytes);
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

  /** Takes account of what is there from before. */
  private void look() throws IOException {
    record Found(String name, long size, FileTime used) {}
    var found = new java.util.ArrayList<Found>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
      for (Path file : files) {
        String name = String.valueOf(file.getFileName());
        if (UNFINISHED.matcher(name).matches()) {
          Files.deleteIfExists(file);
        } else if (OURS.matcher(name).matches()) {
          BasicFileAttributes attributes =
              Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
          found.add(new Found(name, attributes.size(), attributes.lastModifiedTime()));
        }
      }
    }
    found.sort(java.util.Comparator.comparing(Found::used));
    for (Found file : found) {
      sizes.put(file.name(), file.size());
      total += file.size();
    }
    makeRoom(0);
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
    Path file = folder.resolve(name);
    Long known = sizes.get(name);
    if (known != null && known == bytes.remaining() && isThere(file, known)) {
      Files.setLastModifiedTime(file, FileTime.from(now));
      return file;
    }
    forget(name);
    if (bytes.remaining() > maxBytes) {
      throw new IOException(
          "the image is larger than what may be kept: size=%d, limit=%d"
              .formatted(bytes.remaining(), maxBytes));
    }
    makeRoom(bytes.remaining());
    write(file, sha256, bytes, now);
    sizes.put(name, (long) bytes.remaining());
    total += bytes.remaining();
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

  private void makeRoom(long wanted) throws IOException {
    while (total + wanted > maxBytes && !sizes.isEmpty()) {
      String oldest = sizes.keySet().iterator().next();
      Files.deleteIfExists(folder.resolve(oldest));
      forget(oldest);
    }
  }

  private void forget(String name) {
    Long size = sizes.remove(name);
    if (size != null) {
      total -= size;
    }
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
