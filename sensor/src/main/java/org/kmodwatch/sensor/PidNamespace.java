package org.kmodwatch.sensor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Whether this process numbers processes as the programs in the kernel do. */
final class PidNamespace {

  /** PROC_PID_INIT_INO of include/linux/proc_ns.h. */
  private static final String INITIAL = "pid:[4026531836]";

  private PidNamespace() {}

  /**
   * Whether this process is in the host's own pid namespace; false if that cannot be told.
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
