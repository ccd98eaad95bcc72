package org.kmodwatch.lab;

import java.time.Duration;

/** Hears how a run goes while it goes. Called by threads of the run, one call at a time each. */
public interface LabListener {

  /** Hears nothing. */
  LabListener NONE = new LabListener() {};

  /** One line for a person: what begins or what is done. */
  default void progress(String line) {}

  /** What goes on from now on, in a few words; empty while the script runs and when all is over. */
  default void stage(String name) {}

  /** The same for what usually takes so long. */
  default void stage(String name, Duration usual) {
    stage(name);
  }

  /** The first {@code length} of these bytes are what the script printed next. */
  default void output(byte[] bytes, int length) {}
}
