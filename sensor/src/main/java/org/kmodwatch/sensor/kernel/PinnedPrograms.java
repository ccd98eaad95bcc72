package org.kmodwatch.sensor.kernel;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Programs and maps that another process left in the BPF file system. Closing it detaches no
 * program. Not thread-safe.
 */
public final class PinnedPrograms extends BpfMaps implements AutoCloseable {

  private final Path folder;
  private final Map<String, Integer> descriptors = new HashMap<>();
  private final List<Program> programs = new ArrayList<>();
  private final List<String> differing = new ArrayList<>();

  private PinnedPrograms(LibBpf lib, Path folder) {
    super(lib);
    this.folder = folder;
  }

  /**
   * Opens the pins that a list names. Leaves out a pin that is missing or differs from the list.
   *
   * @param folder the folder of the set
   * @param listed the pins that were made there
   * @throws KernelException if a pin cannot be checked now, for example without free descriptors
   */
  public static PinnedPrograms open(LibBpf lib, Path folder, List<Pin> listed) {
    var pinned = new PinnedPrograms(lib, folder);
    try {
      listed.forEach(pinned::open);
    } catch (KernelException e) {
      pinned.close();
      throw e;
    }
    for (Pin pin : listed) {
      String name = pin.name().substring(pin.name().indexOf('/') + 1);
      Integer link = pinned.descriptors.get(Pins.LINKS + "/" + name);
      Integer program = pinned.descriptors.get(Pins.PROGRAMS + "/" + name);
      if (pin.name().startsWith(Pins.LINKS) && link != null && program != null) {
        pinned.programs.add(new Program(lib, Pins.sectionOf(name), program, link));
      }
    }
    return pinned;
  }

  /** Opens a set without a known list, for its maps alone. */
  public static PinnedPrograms ofMaps(LibBpf lib, Path folder) {
    return new PinnedPrograms(lib, folder);
  }

  private void open(Pin pin) {
    try {
      int fd = Pins.open(lib, folder.resolve(pin.name()));
      descriptors.put(pin.name(), fd);
      if (pin(pin.name()).equals(pin)) {
        return;
      }
    } catch (KernelException e) {
      if (e.mayPass()) {
        throw e;
      }
      // A missing pin counts as a different one.
    }
    differing.add(pin.name());
    Integer fd = descriptors.remove(pin.name());
    if (fd != null) {
      Descriptors.close(fd);
    }
  }

  /** Returns the names of the pins that are missing or differ from the list. */
  public List<String> differing() {
    return List.copyOf(differing);
  }

  /** Returns the attached programs. */
  public List<Program> programs() {
    return List.copyOf(programs);
  }

  @Override
  int mapFd(String name) {
    return pinFd(Pins.ofMap(name));
  }

  @Override
  int pinFd(String name) {
    if (differing.contains(name)) {
      throw new KernelException("%s is not what was pinned".formatted(folder.resolve(name)));
    }
    return descriptors.computeIfAbsent(name, pin -> Pins.open(lib, folder.resolve(pin)));
  }

  @Override
  public void close() {
    descriptors.values().forEach(Descriptors::close);
    descriptors.clear();
    programs.clear();
  }

  /** A program that is attached to its hook. */
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
