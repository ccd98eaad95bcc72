package org.kmodwatch.sensor;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
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
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.sensor.kernel.BpfObject;
import org.kmodwatch.sensor.kernel.FolderLock;
import org.kmodwatch.sensor.kernel.JavaDigest;
import org.kmodwatch.sensor.kernel.KernelException;
import org.kmodwatch.sensor.kernel.LibBpf;
import org.kmodwatch.sensor.kernel.PinnedPrograms;

/**
 * Where programs, links and maps are pinned: a folder named after the object file and the size of
 * its rings, so that only the very same programs are taken over. What other versions left is
 * removed once ours are on their hooks.
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
          "loaded_changes");

  private static final String UNFINISHED = "-new";

  private final Path root;
  private final Path folder;
  private final Path unfinished;

  private PinFolder(Path root, String name) {
    this.root = root;
    this.folder = root.resolve(name);
    this.unfinished = root.resolve(name + UNFINISHED);
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

  /** Whether the same programs are pinned there already. */
  boolean exists() {
    return Files.isDirectory(folder);
  }

  /**
   * What is pinned.
   *
   * @throws SensorException if it cannot be had
   */
  PinnedPrograms open(LibBpf lib) {
    try {
      return PinnedPrograms.open(lib, folder);
    } catch (IOException | KernelException e) {
      throw new SensorException(
          "what is pinned cannot be taken over: %s; remove it: rm -r %s"
              .formatted(e.getMessage(), folder),
          "",
          true);
    }
  }

  /** Pins what of an object was put on its hooks, under a name that nobody takes over yet. */
  void pin(BpfObject object) {
    try {
      makeRoot(root);
      remove(unfinished);
      // One by one: createDirectories asks access(2) for the folders above, which for a user other
      // than root forgets CAP_DAC_READ_SEARCH; systemd's /sys/fs/bpf is root's alone.
      Files.createDirectory(unfinished);
      Path maps = Files.createDirectory(unfinished.resolve(PinnedPrograms.MAPS));
      Path programs = Files.createDirectory(unfinished.resolve(PinnedPrograms.PROGRAMS));
      Path links = Files.createDirectory(unfinished.resolve(PinnedPrograms.LINKS));
      MAPS.forEach(map -> object.pinMap(map, maps));
      for (BpfObject.Program program : object.attachedPrograms()) {
        program.pin(programs, links);
      }
    } catch (IOException | UncheckedIOException | KernelException e) {
      object.close();
      throw cannotPin(root, e);
    }
  }

  private static void makeRoot(Path root) throws IOException {
    Files.createDirectories(
        root, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
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
   * Gives what was pinned its name, and removes what other versions left.
   *
   * @return what of it nobody has read
   */
  List<LeftBehind> publish(LibBpf lib) {
    var unread = new ArrayList<LeftBehind>();
    try {
      // Atomic, so that Java asks access(2) for nothing here either.
      Files.move(unfinished, folder, StandardCopyOption.ATOMIC_MOVE);
      try (Stream<Path> all = Files.list(root)) {
        for (Path other : all.toList()) {
          if (!other.equals(folder)) {
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

  private static Optional<LeftBehind> leftIn(Path other, LibBpf lib) {
    if (other.getFileName().toString().endsWith(UNFINISHED)) {
      return Optional.empty();
    }
    String whose = "the programs that were pinned in %s before".formatted(other);
    try (PinnedPrograms pinned = PinnedPrograms.open(lib, other)) {
      long records =
          (long) pinned.recordsInRing("ring_attempts") + pinned.recordsInRing("ring_loads");
      return records == 0
          ? Optional.empty()
          : Optional.of(
              new LeftBehind(records, "%s kept them, and are another version's".formatted(whose)));
    } catch (IOException | KernelException e) {
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
