package org.kmodwatch.lab;

import java.util.Locale;

/** What runs the guest's instructions. */
public enum Accelerator {
  /** Software emulation: works everywhere. */
  TCG,
  /** The host's processor: fast, needs /dev/kvm. */
  KVM;

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
