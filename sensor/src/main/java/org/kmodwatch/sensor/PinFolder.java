package org.kmodwatch.sensor;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.sensor.kernel.BpfMaps;
import org.kmodwatch.sensor.kernel.BpfObject;
import org.kmodwatch.sensor.kernel.FolderLock;
import org.kmodwatch.sensor.kernel.JavaDigest;
import org.kmodwatch.sensor.kernel.KernelException;
import org.kmodwatch.sensor.kernel.LibBpf;
import org.kmodwatch.sensor.kernel.Pin;
import org.kmodwatch.sensor.kernel.PinnedPrograms;
import org.kmodwatch.sensor.kernel.Pins;

/**
 * A folder in which programs, links and maps are pinned. Its name comes from the object file and
 * the size of its rings, so that only exactly the same programs are adopted. Pins of other versions
 * are removed once ours are attached.
 *
 * <p>For maintainers. A set gets its name in one step: it is pinned as {@code NAME-new}, which is
 * then renamed. A set that somebody changed is not adopted. It becomes {@code NAME-old}, and only
 * its maps stay until its rings were read. So if the process is killed at any time, the next
 * process finds a whole set, or programs that another set has replaced.
 */
final class PinFolder {

  /** The maps that user space uses. The other maps live as long as the programs do. */
  private static final List<String> MAPS =
      List.of(
          "ring_attempts",
          "ring_loads",
          "images",
          "images_rest",
          "counters",
          "control",
          "held_even",
          "held_odd",
          "attempts",
          "loaded",
          "loaded_changes",
          PinListMap.NAME);

  private static final String UNFINISHED = "-new";
  private static final String REPLACED = "-old";
  private static final Pattern SET = Pattern.compile("[0-9a-f]{16}(-new|-old)?");

  private final Path root;
  private final Path folder;
  private final Path unfinished;
  private final Path replaced;

  private PinFolder(Path root, String name) {
    this.root = root;
    this.folder = root.resolve(name);
    this.unfinished = root.resolve(name + UNFINISHED);
    this.replaced = root.resolve(name + REPLACED);
  }

  static PinFolder of(Path root, byte[] objectFile, int imageBufferBytes) {
    MessageDigest digest = JavaDigest.start("SHA-256");
    digest.update(objectFile);
    digest.update(Integer.toString(imageBufferBytes).getBytes(StandardCharsets.US_ASCII));
    return new PinFolder(root, HexFormat.of().formatHex(digest.digest()).substring(0, 16));
  }

  /**
   * Locks the folder of all sets for this process, and creates it if necessary. Two processes with
   * one folder would read the same rings.
   *
   * @throws SensorException if another process has it, or it cannot be created
   */
  static FolderLock own(Path root) {
    try {
      makeRoot(root);
      return FolderLock.tryLock(root)
          .orElseThrow(
              () ->
                  new SensorException(
                      ("the pins in %s belong to another kmodwatch, process %s: stop that one, or"
                              + " give this one a folder of its own with --pin=DIR")
                          .formatted(root, FolderLock.holder(root).orElse("unknown")),
                      "",
                      true));
    } catch (IOException | KernelException e) {
      throw cannotPin(root, e);
    }
  }

  /** Returns whether a set of this name exists, changed or not. */
  boolean exists() {
    return Files.isDirectory(folder);
  }

  /**
   * Returns whether a process was killed just before it gave the set its name: every pin of the
   * list is there under the other name.
   */
  boolean isUnfinished(LibBpf lib, PinList listed) {
    return !exists()
        && Files.isDirectory(unfinished)
        && differing(lib, unfinished, listed).isEmpty();
  }

  /** Opens the pins of the set that the list names. */
  PinnedPrograms open(LibBpf lib, PinList listed) {
    return PinnedPrograms.open(lib, folder, listed.pins());
  }

  /** Returns the list in the map beside the pins; empty if the map or the list is missing. */
  Optional<PinList> listed(LibBpf lib) {
    return listed(lib, folder);
  }

  /** Returns the list of the set in {@code folder}. */
  static Optional<PinList> listed(LibBpf lib, Path folder) {
    try (PinnedPrograms maps = PinnedPrograms.ofMaps(lib, folder)) {
      return PinListMap.read(maps);
    } catch (KernelException notThere) {
      return Optional.empty();
    }
  }

  /**
   * Pins the attached parts of an object, under a name that no process adopts yet.
   *
   * @param sinceBootNanos when they were attached
   * @return the pins
   */
  PinList pin(BpfObject object, long sinceBootNanos) {
    try {
      remove(unfinished);
      makeFolders(unfinished);
      List<String> names =
          Stream.concat(MAPS.stream().map(Pins::ofMap), object.pinNames().stream()).toList();
      var list = new PinList(sinceBootNanos, names.stream().map(object::pin).toList());
      PinListMap.write(object, list);
      names.forEach(name -> object.putPin(unfinished, name));
      return list;
    } catch (IOException | UncheckedIOException | KernelException e) {
      object.close();
      throw cannotPin(root, e);
    }
  }

  private static void makeRoot(Path root) throws IOException {
    Files.createDirectories(
        root, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
  }

  private static void makeFolders(Path set) throws IOException {
    // One by one: createDirectories calls access(2) for the folders above. For a user other than
    // root that ignores CAP_DAC_READ_SEARCH, and systemd's /sys/fs/bpf is root's alone.
    for (Path folder :
        List.of(set, set.resolve(Pins.MAPS), set.resolve(Pins.PROGRAMS), set.resolve(Pins.LINKS))) {
      if (!Files.isDirectory(folder)) {
        Files.createDirectory(folder);
      }
    }
  }

  private static SensorException cannotPin(Path root, Exception e) {
    return new SensorException(
        ("nothing can be pinned in %s: %s; it must be in a BPF file system, and this user must be"
                + " able to write there; mount one: mount -t bpf bpf /sys/fs/bpf")
            .formatted(root, reason(e)),
        "",
        mayPass(e));
  }

  /**
   * Returns whether another try may succeed: the kernel reports a temporary error, or the disk or a
   * person caused it.
   */
  private static boolean mayPass(Exception e) {
    return switch (e) {
      case KernelException kernel -> kernel.mayPass();
      case AccessDeniedException denied -> false;
      case NoSuchFileException missing -> false;
      default -> true;
    };
  }

  /** Returns the reason. Java's message of a file error is only the file's path. */
  private static @Nullable String reason(Exception e) {
    return e instanceof FileSystemException file && file.getReason() == null
        ? "%s: %s".formatted(file.getClass().getSimpleName(), file.getFile())
        : e.getMessage();
  }

  /**
   * Gives the pins their name, and removes pins of other versions. If a set of the same name
   * exists, its maps stay for {@link #replaced}, and its programs are detached.
   *
   * @return the unread records of other versions
   */
  List<LeftBehind> publish(LibBpf lib) {
    var unread = new ArrayList<LeftBehind>();
    try {
      if (exists()) {
        remove(replaced);
        Files.move(folder, replaced, StandardCopyOption.ATOMIC_MOVE);
      }
      // Atomic, so that Java does not call access(2) here either.
      Files.move(unfinished, folder, StandardCopyOption.ATOMIC_MOVE);
      remove(replaced.resolve(Pins.LINKS));
      remove(replaced.resolve(Pins.PROGRAMS));
      try (Stream<Path> all = Files.list(root)) {
        for (Path other : all.toList()) {
          if (isSet(other) && !other.equals(folder) && !other.equals(replaced)) {
            leftIn(other, lib).ifPresent(unread::add);
            remove(other);
          }
        }
      }
      return unread;
    } catch (IOException e) {
      throw new SensorException("cannot pin in %s: %s".formatted(root, e), "", mayPass(e));
    }
  }

  /**
   * Returns whether the path is a set of any version of Kmodwatch. Others may have pins beside it.
   */
  private static boolean isSet(Path path) {
    return SET.matcher(path.getFileName().toString()).matches()
        && Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS);
  }

  /** Returns the folder of the maps of a replaced set, if its records were not read yet. */
  Optional<Path> replaced() {
    return Files.isDirectory(replaced) ? Optional.of(replaced) : Optional.empty();
  }

  /** Removes the folder of {@link #replaced}. */
  void removeReplaced() {
    try {
      remove(replaced);
    } catch (IOException e) {
      // The next start reads it again, and the journal knows which records were reported.
    }
  }

  /** Returns the folders that contain the names of the set. */
  List<Path> folders() {
    return List.of(
        folder,
        folder.resolve(Pins.MAPS),
        folder.resolve(Pins.PROGRAMS),
        folder.resolve(Pins.LINKS));
  }

  /** Returns the names of the set that are missing or differ from the list. */
  List<String> differing(LibBpf lib, PinList listed) {
    return differing(lib, folder, listed);
  }

  /** Returns the names that are missing or differ from the list, of the set in {@code folder}. */
  static List<String> differing(LibBpf lib, Path folder, PinList listed) {
    return listed.pins().stream()
        .filter(pin -> !Optional.of(pin).equals(Pins.at(lib, folder, pin.name())))
        .map(Pin::name)
        .toList();
  }

  /**
   * Pins the objects of this process again, and replaces any object that has the name now.
   *
   * @return why that is not possible; empty if it succeeded
   */
  Optional<String> putBack(BpfMaps ours, List<String> names) {
    try {
      makeRoot(root);
      makeFolders(folder);
      for (String name : names) {
        remove(folder.resolve(name));
        ours.putPin(folder, name);
      }
      return Optional.empty();
    } catch (IOException | KernelException e) {
      return Optional.of(String.valueOf(reason(e)));
    }
  }

  private static Optional<LeftBehind> leftIn(Path other, LibBpf lib) {
    if (other.getFileName().toString().endsWith(UNFINISHED)) {
      return Optional.empty();
    }
    String whose = "the programs that were pinned in %s before".formatted(other);
    try (PinnedPrograms pinned = PinnedPrograms.ofMaps(lib, other)) {
      long records =
          (long) pinned.recordsInRing("ring_attempts") + pinned.recordsInRing("ring_loads");
      return records == 0
          ? Optional.empty()
          : Optional.of(
              new LeftBehind(records, "%s kept them, and are another version's".formatted(whose)));
    } catch (KernelException e) {
      return Optional.of(
          new LeftBehind(0, "%s may have kept some: %s".formatted(whose, e.getMessage())));
    }
  }

  @Override
  public String toString() {
    return folder.toString();
  }

  private static void remove(Path tree) throws IOException {
    if (!Files.exists(tree)) {
      return;
    }
    Files.walkFileTree(
        tree,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException failure)
              throws IOException {
            Files.delete(directory);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
