package org.kmodwatch.sensor.kernel;

/** A program on a hook. */
public interface AttachedProgram {

  /** The section it stands in, which says where it attaches: {@code fexit/do_init_module}. */
  String section();

  /** Whether its link still holds it on its hook, as far as the kernel says. */
  boolean isAttached();

  /**
   * How often the kernel did not run it, since it was running on that processor already; 0 where
   * the kernel does not say (before Linux 5.12).
   */
  long misses();
}
