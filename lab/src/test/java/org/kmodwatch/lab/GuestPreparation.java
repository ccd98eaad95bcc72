package org.kmodwatch.lab;

import java.io.IOException;
import java.nio.file.Path;

/** Adds to a guest's run the parts that {@link Guest} cannot name, such as files made for it. */
interface GuestPreparation {

  /**
   * Returns the run with its additions.
   *
   * @param run the run as the annotation describes it
   * @param folder an empty folder for the files, which is deleted after the boot
   */
  LabRun prepare(LabRun run, Path folder) throws IOException, InterruptedException;

  /** Adds nothing. */
  final class None implements GuestPreparation {
    @Override
    public LabRun prepare(LabRun run, Path folder) {
      return run;
    }
  }
}
