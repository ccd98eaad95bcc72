package org.kmodwatch.lab;

import java.util.Locale;

/** An accelerator executes the guest's instructions. */
public enum Accelerator {
  /** Emulates in software: one thread runs all processors in turn. It works on every host. */
  TCG,
  /**
   * Emulates in software with a thread per processor, which is faster. With it a guest's kernel
   * sometimes crashes with an oops while it boots.
   */
  MTTCG,
  /** Uses the host's processor: fast, needs /dev/kvm. */
  KVM;

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
