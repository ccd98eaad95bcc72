package org.kmodwatch.agent.clock;

/**
 * A clock that only goes forward, and that nobody can set, as {@link System#nanoTime}. Only
 * differences of its values have a meaning.
 */
@FunctionalInterface
public interface SteadyClock {

  /** Returns the present time in nanoseconds since an arbitrary moment. */
  long nanos();
}
