package org.kmodwatch.lab;

import java.util.Locale;

/** What runs the guest's instructions. */
public enum Accelerator {
  /** Software emulation, in which one thread runs all processors by turns: works everywhere. */
  TCG,
  /**
   * Software emulation with a thread for each processor, which is faster. With it a guest's kernel
   * dies now and then by an oops while it boots.
   */
  MTTCG,
  /** The host's processor: fast, needs /dev/kvm. */
  KVM;

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
