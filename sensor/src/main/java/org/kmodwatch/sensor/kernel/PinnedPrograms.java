package org.kmodwatch.sensor.kernel;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Programs that another process left on their hooks, found again by their names in the BPF file
 * system. Closing it takes none of them off. Not thread-safe.
 */
public final class PinnedPrograms extends BpfMaps implements AutoCloseable {

  /** Folders of a set of pins. */
  public static final String MAPS = "maps";

  /** Programs, by section. */
  public static final String PROGRAMS = "programs";

  /** Links, by section of their program. */
  public static final String LINKS = "links";

  /** Before the number of a further program of the same section; no section has it. */
  private static final String ANOTHER = "+";

  private final Path folder;
  private final Map<String, Integer> maps = new HashMap<>();
  private final List<Program> programs = new ArrayList<>();

  private PinnedPrograms(LibBpf lib, Path folder) {
    super(lib);
    this.folder = folder;
  }

  /**
   * Opens a set of pins.
   *
   * @throws KernelException if one of them cannot be had
   * @throws IOException if the folder cannot be read
   */
  public static PinnedPrograms open(LibBpf lib, Path folder) throws IOException {
    var pinned = new PinnedPrograms(lib, folder);
    try (Stream<Path> links = Files.list(folder.resolve(LINKS))) {
      for (Path link : links.sorted().toList()) {
        String pin = link.getFileName().toString();
        pinned.programs.add(
            new Program(
                lib,
                section(pin),
                Pins.open(lib, folder.resolve(PROGRAMS).resolve(pin)),
                Pins.open(lib, link)));
      }
      return pinned;
    } catch (KernelException e) {
      pinned.close();
      throw e;
    }
  }

  /** The programs that are on a hook. */
  public List<Program> programs() {
    return List.copyOf(programs);
  }

  @Override
  int mapFd(String name) {
    return maps.computeIfAbsent(name, map -> Pins.open(lib, folder.resolve(MAPS).resolve(map)));
  }

  @Override
  public void close() {
    maps.values().forEach(fd -> Pins.close(lib, fd));
    maps.clear();
    for (Program program : programs) {
      Pins.close(lib, program.programFd);
      Pins.close(lib, program.linkFd);
    }
    programs.clear();
  }

  /**
   * The BPF file system takes no slash in a name, for which a minus stands; and no dot.
   *
   * @param before how many programs of the section have a name already
   */
  static String pinName(String section, int before) {
    String pin = section.replace('/', '-');
    return before == 0 ? pin : pin + ANOTHER + before;
  }

  private static String section(String pinName) {
    int end = pinName.indexOf(ANOTHER);
    return (end < 0 ? pinName : pinName.substring(0, end)).replaceFirst("-", "/");
  }

  /** One that is on its hook. */
  public static final class Program implements AttachedProgram {
    private final LibBpf lib;
    private final String section;
    private final int programFd;
    private final int linkFd;

    private Program(LibBpf lib, String section, int programFd, int linkFd) {
      this.lib = lib;
      this.section = section;
      this.programFd = programFd;
      this.linkFd = linkFd;
    }

    @Override
    public String section() {
      return section;
    }

    @Override
    public boolean isAttached() {
      return ProgramInfo.isAttached(lib, linkFd);
    }

    @Override
    public long misses() {
      return ProgramInfo.misses(lib, programFd);
    }
  }
}
