package org.kmodwatch.sensor;

/** Every place in the kernel that the sensor watches. Filled in with the BPF programs. */
public enum Hook {
  /** tp_btf/module_load. */
  MODULE_LOAD(
      "tp_btf/module_load", true, "nothing is known of modules whose code has begun to run");

  private final String target;
  private final boolean required;
  private final String lostWithout;

  Hook(String target, boolean required, String lostWithout) {
    this.target = target;
    this.required = required;
    this.lostWithout = lostWithout;
  }

  /** Kind and place, as BPF people write it: {@code fexit/security_kernel_read_file}. */
  public String target() {
    return target;
  }

  /** Whether the sensor refuses to start without it. */
  public boolean required() {
    return required;
  }

  /** What Kmodwatch cannot say without it, for a person. */
  public String lostWithout() {
    return lostWithout;
  }
}
