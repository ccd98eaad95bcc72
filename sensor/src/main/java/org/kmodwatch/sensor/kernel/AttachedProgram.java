package org.kmodwatch.sensor.kernel;

/** A program that is attached to a hook. */
public interface AttachedProgram {

  /**
   * Returns the section of the program, which says where it attaches: {@code fexit/do_init_module}.
   */
  String section();

  /** Returns whether the kernel says that the link still attaches the program to its hook. */
  boolean isAttached();

  /**
   * Returns how often the kernel skipped the program because it already ran on that processor.
   * Returns 0 where the kernel does not count this (before Linux 5.12).
   */
  long misses();
}
