package org.kmodwatch.sensor.kernel;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Programs and maps that another process left in the BPF file system. Closing it takes no program
 * off its hook. Not thread-safe.
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
   * Opens what a list says. What is not there, or is not what the list says, is left out.
   *
   * @param folder of the set
   * @param listed what was pinned there
   * @throws KernelException if that cannot be said now, as when there are no descriptors
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

  /** Opens a set of which no list is known, for its maps alone. */
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
      // Nothing there is as if it were another.
    }
    differing.add(pin.name());
    Integer fd = descriptors.remove(pin.name());
    if (fd != null) {
      Descriptors.close(fd);
    }
  }

  /** The names of what is not there, or is not what the list says. */
  public List<String> differing() {
    return List.copyOf(differing);
  }

  /** The programs that are on a hook. */
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
