package org.kmodwatch.sensor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Checks whether this process numbers processes like the programs in the kernel. */
final class PidNamespace {

  /** PROC_PID_INIT_INO of include/linux/proc_ns.h. */
  private static final String INITIAL = "pid:[4026531836]";

  private PidNamespace() {}

  /**
   * Returns whether this process is in the host's own pid namespace; false if that is not known.
   *
   * @param proc where proc is mounted
   */
  static boolean isInitial(Path proc) {
    try {
      return Files.readSymbolicLink(proc.resolve("self/ns/pid")).toString().equals(INITIAL);
    } catch (IOException | UnsupportedOperationException unknown) {
      return false;
    }
  }
}
