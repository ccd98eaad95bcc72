package org.kmodwatch.lab;

import java.time.Duration;

/** Receives the progress of a run. Several threads of the run call it, each one call at a time. */
public interface LabListener {

  /** Ignores everything. */
  LabListener NONE = new LabListener() {};

  /** Takes a line for a person: a step begins or is done. */
  default void progress(String line) {}

  /** Takes the current stage in a few words; empty while the script runs and at the end. */
  default void stage(String name) {}

  /** Takes the current stage and its usual duration. */
  default void stage(String name, Duration usual) {
    stage(name);
  }

  /** Takes the next output of the script: the first {@code length} of these bytes. */
  default void output(byte[] bytes, int length) {}
}
