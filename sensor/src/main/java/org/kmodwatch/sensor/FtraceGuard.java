package org.kmodwatch.sensor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.kmodwatch.sensor.kernel.BpfObject;
import org.kmodwatch.sensor.kernel.KernelException;
import org.kmodwatch.sensor.kernel.LibBpf;

/**
 * Makes the kernel refuse every attempt to switch ftrace off, with EPERM. It lasts until it is
 * closed or this process ends. It needs CAP_NET_ADMIN in addition to CAP_BPF, and the root of the
 * cgroups of version 2.
 */
public final class FtraceGuard implements AutoCloseable {

  private static final String OBJECT = "guard.bpf.o";
  private static final Path MOUNTS = Path.of("/proc/self/mounts");

  private final BpfObject object;

  private FtraceGuard(BpfObject object) {
    this.object = object;
  }

  /**
   * Attaches the guard.
   *
   * @throws SensorException if it cannot be attached, with the reason and the remedy
   */
  public static FtraceGuard attach() {
    Path root = rootCgroup();
    BpfObject object;
    try {
      object = BpfObject.open(LibBpf.load(), ObjectFiles.read(OBJECT));
    } catch (KernelException e) {
      throw failed(e.getMessage(), "", e.mayPass());
    }
    BpfObject.Outcome outcome = object.load();
    if (outcome.succeeded()) {
      outcome = object.programs().getFirst().attachToCgroup(root);
    }
    if (!outcome.succeeded()) {
      object.close();
      throw failed(
          outcome.reason()
              + (outcome.privilegeMissing() ? "; it takes CAP_NET_ADMIN beside CAP_BPF" : ""),
          outcome.messages(),
          outcome.mayPass());
    }
    return new FtraceGuard(object);
  }

  /** Removes the guard: ftrace can be switched off again. */
  @Override
  public void close() {
    object.close();
  }

  private static Path rootCgroup() {
    try {
      for (String line : Files.readAllLines(MOUNTS)) {
        String[] fields = line.split(" ", -1);
        if (fields.length > 2 && fields[2].equals("cgroup2")) {
          Path folder = Path.of(fields[1]);
          // Every cgroup except the root has this file.
          if (Files.exists(folder.resolve("cgroup.type"))) {
            throw failed(
                folder + " is not the root of the cgroups: is this a container?", "", false);
          }
          return folder;
        }
      }
    } catch (IOException e) {
      throw failed("%s cannot be read: %s".formatted(MOUNTS, e.getMessage()), "", true);
    }
    throw failed(
        "no cgroups of version 2 are mounted; mount them: mount -t cgroup2 cgroup2 DIR", "", false);
  }

  private static SensorException failed(String why, String messages, boolean mayPass) {
    return new SensorException("ftrace cannot be guarded: " + why, messages, mayPass);
  }
}
