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
 * Where programs, links and maps are pinned: a folder named after the object file and the size of
 * its rings, so that only the very same programs are taken over. What other versions left is
 * removed once ours are on their hooks.
 *
 * <p>For maintainers. A set gets its name in one step: it is pinned as {@code NAME-new}, which is
 * then renamed. A set that somebody changed is not taken over. It becomes {@code NAME-old}, of
 * which only the maps stay, until what is in its rings was read. So whenever the process is killed,
 * the next one finds a whole set, or programs that another set has replaced.
 */
final class PinFolder {

  /** What user space works with; the rest lives as long as the programs do. */
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
   * Takes the folder of all sets for this process, and makes it if need be. Two processes with one
   * folder would read the same rings.
   *
   * @throws SensorException if another process has it, or it cannot be made
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

  /** Whether there is a set of this name, as it was pinned or not. */
  boolean exists() {
    return Files.isDirectory(folder);
  }

  /**
   * Whether a process was killed just before it gave the set its name: everything that the list
   * says is there under the other name.
   */
  boolean isUnfinished(LibBpf lib, PinList listed) {
    return !exists()
        && Files.isDirectory(unfinished)
        && differing(lib, unfinished, listed).isEmpty();
  }

  /** Opens what the list says of the set. */
  PinnedPrograms open(LibBpf lib, PinList listed) {
    return PinnedPrograms.open(lib, folder, listed.pins());
  }

  /** What the map beside the pins says was pinned; empty if there is no such map, or no list. */
  Optional<PinList> listed(LibBpf lib) {
    return listed(lib, folder);
  }

  /** The same of the set in {@code folder}. */
  static Optional<PinList> listed(LibBpf lib, Path folder) {
    try (PinnedPrograms maps = PinnedPrograms.ofMaps(lib, folder)) {
      return PinListMap.read(maps);
    } catch (KernelException notThere) {
      return Optional.empty();
    }
  }

  /**
   * Pins what of an object was put on its hooks, under a name that nobody takes over yet.
   *
   * @param sinceBootNanos when it was put there
   * @return what was pinned
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
    // One by one: createDirectories asks access(2) for the folders above, which for a user other
    // than root forgets CAP_DAC_READ_SEARCH; systemd's /sys/fs/bpf is root's alone.
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
   * Whether another try may succeed: the kernel says so, or it is the disk's or somebody's doing.
   */
  private static boolean mayPass(Exception e) {
    return switch (e) {
      case KernelException kernel -> kernel.mayPass();
      case AccessDeniedException denied -> false;
      case NoSuchFileException missing -> false;
      default -> true;
    };
  }

  /** Java's message of a file is its path alone. */
  private static @Nullable String reason(Exception e) {
    return e instanceof FileSystemException file && file.getReason() == null
        ? "%s: %s".formatted(file.getClass().getSimpleName(), file.getFile())
        : e.getMessage();
  }

  /**
   * Gives what was pinned its name, and removes what other versions left. Of a set of the same name
   * the maps stay for {@link #replaced}, and its programs go off their hooks.
   *
   * @return what of other versions nobody has read
   */
  List<LeftBehind> publish(LibBpf lib) {
    var unread = new ArrayList<LeftBehind>();
    try {
      if (exists()) {
        remove(replaced);
        Files.move(folder, replaced, StandardCopyOption.ATOMIC_MOVE);
      }
      // Atomic, so that Java asks access(2) for nothing here either.
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

  /** Whether it is a set of ours, of whatever version: others may have their pins beside it. */
  private static boolean isSet(Path path) {
    return SET.matcher(path.getFileName().toString()).matches()
        && Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS);
  }

  /** The folder of the maps of a set that was replaced, if what is in them was not read yet. */
  Optional<Path> replaced() {
    return Files.isDirectory(replaced) ? Optional.of(replaced) : Optional.empty();
  }

  /** Removes what {@link #replaced} says. */
  void removeReplaced() {
    try {
      remove(replaced);
    } catch (IOException e) {
      // The next start reads it again, and the journal knows what was told of it.
    }
  }

  /** The folders in which the names of the set are. */
  List<Path> folders() {
    return List.of(
        folder,
        folder.resolve(Pins.MAPS),
        folder.resolve(Pins.PROGRAMS),
        folder.resolve(Pins.LINKS));
  }

  /** The names of the set behind which is not what the list says, or nothing. */
  List<String> differing(LibBpf lib, PinList listed) {
    return differing(lib, folder, listed);
  }

  /** The same of the set in {@code folder}. */
  static List<String> differing(LibBpf lib, Path folder, PinList listed) {
    return listed.pins().stream()
        .filter(pin -> !Optional.of(pin).equals(Pins.at(lib, folder, pin.name())))
        .map(Pin::name)
        .toList();
  }

  /**
   * Pins again what this process has, in place of whatever has its name now.
   *
   * @return why that is not possible; empty if it was
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
