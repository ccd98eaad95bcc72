package org.kmodwatch.sensor;

import java.util.Optional;

/**
 * Every place in the kernel that the sensor watches. All of them are on the way of a module load or
 * unload and on no other (docs/decisions/0002).
 */
public enum Hook {
  /** What {@code init_module} was called with. */
  X64_INIT_MODULE_ENTER("fentry/__x64_sys_init_module", Machine.X86_64, false, Lost.ENTRY),
  /** What {@code init_module} came to. */
  X64_INIT_MODULE_RETURN("fexit/__x64_sys_init_module", Machine.X86_64, true, Lost.RETURN),
  /** What {@code finit_module} was called with. */
  X64_FINIT_MODULE_ENTER("fentry/__x64_sys_finit_module", Machine.X86_64, false, Lost.ENTRY),
  /** What {@code finit_module} came to. */
  X64_FINIT_MODULE_RETURN("fexit/__x64_sys_finit_module", Machine.X86_64, true, Lost.RETURN),
  /** What {@code delete_module} was called with. */
  X64_DELETE_MODULE_ENTER("fentry/__x64_sys_delete_module", Machine.X86_64, false, Lost.ENTRY),
  /** What {@code delete_module} came to. */
  X64_DELETE_MODULE_RETURN("fexit/__x64_sys_delete_module", Machine.X86_64, false, Lost.RETURN),
  /** Brings the page of the parameters in for {@code init_module}. */
  X64_INIT_MODULE_BRING_IN("fentry.s/__x64_sys_init_module", Machine.X86_64, false, Lost.PAGE),
  /** Brings the page of the parameters in for {@code finit_module}. */
  X64_FINIT_MODULE_BRING_IN("fentry.s/__x64_sys_finit_module", Machine.X86_64, false, Lost.PAGE),
  /** Brings the page of the module's name in for {@code delete_module}. */
  X64_DELETE_MODULE_BRING_IN("fentry.s/__x64_sys_delete_module", Machine.X86_64, false, Lost.PAGE),

  /** The same by the 32-bit table. */
  IA32_INIT_MODULE_ENTER("fentry/__ia32_sys_init_module", Machine.X86_64, false, Lost.ENTRY_32),
  /** The same by the 32-bit table. */
  IA32_INIT_MODULE_RETURN("fexit/__ia32_sys_init_module", Machine.X86_64, false, Lost.RETURN_32),
  /** The same by the 32-bit table. */
  IA32_FINIT_MODULE_ENTER("fentry/__ia32_sys_finit_module", Machine.X86_64, false, Lost.ENTRY_32),
  /** The same by the 32-bit table. */
  IA32_FINIT_MODULE_RETURN("fexit/__ia32_sys_finit_module", Machine.X86_64, false, Lost.RETURN_32),
  /** The same by the 32-bit table. */
  IA32_DELETE_MODULE_ENTER("fentry/__ia32_sys_delete_module", Machine.X86_64, false, Lost.ENTRY_32),
  /** The same by the 32-bit table. */
  IA32_DELETE_MODULE_RETURN(
      "fexit/__ia32_sys_delete_module", Machine.X86_64, false, Lost.RETURN_32),
  /** Brings the page of the parameters in for {@code init_module}, by the 32-bit table. */
  IA32_INIT_MODULE_BRING_IN("fentry.s/__ia32_sys_init_module", Machine.X86_64, false, Lost.PAGE_32),
  /** Brings the page of the parameters in for {@code finit_module}, by the 32-bit table. */
  IA32_FINIT_MODULE_BRING_IN(
      "fentry.s/__ia32_sys_finit_module", Machine.X86_64, false, Lost.PAGE_32),
  /** Brings the page of the module's name in for {@code delete_module}, by the 32-bit table. */
  IA32_DELETE_MODULE_BRING_IN(
      "fentry.s/__ia32_sys_delete_module", Machine.X86_64, false, Lost.PAGE_32),

  /** What {@code init_module} was called with, 64-bit and 32-bit. */
  ARM64_INIT_MODULE_ENTER("fentry/__arm64_sys_init_module", Machine.ARM64, false, Lost.ENTRY),
  /** What {@code init_module} came to, 64-bit and 32-bit. */
  ARM64_INIT_MODULE_RETURN("fexit/__arm64_sys_init_module", Machine.ARM64, true, Lost.RETURN),
  /** What {@code finit_module} was called with, 64-bit and 32-bit. */
  ARM64_FINIT_MODULE_ENTER("fentry/__arm64_sys_finit_module", Machine.ARM64, false, Lost.ENTRY),
  /** What {@code finit_module} came to, 64-bit and 32-bit. */
  ARM64_FINIT_MODULE_RETURN("fexit/__arm64_sys_finit_module", Machine.ARM64, true, Lost.RETURN),
  /** What {@code delete_module} was called with, 64-bit and 32-bit. */
  ARM64_DELETE_MODULE_ENTER("fentry/__arm64_sys_delete_module", Machine.ARM64, false, Lost.ENTRY),
  /** What {@code delete_module} came to, 64-bit and 32-bit. */
  ARM64_DELETE_MODULE_RETURN("fexit/__arm64_sys_delete_module", Machine.ARM64, false, Lost.RETURN),
  /** Brings the page of the parameters in for {@code init_module}, 64-bit and 32-bit. */
  ARM64_INIT_MODULE_BRING_IN("fentry.s/__arm64_sys_init_module", Machine.ARM64, false, Lost.PAGE),
  /** Brings the page of the parameters in for {@code finit_module}, 64-bit and 32-bit. */
  ARM64_FINIT_MODULE_BRING_IN("fentry.s/__arm64_sys_finit_module", Machine.ARM64, false, Lost.PAGE),
  /** Brings the page of the module's name in for {@code delete_module}, 64-bit and 32-bit. */
  ARM64_DELETE_MODULE_BRING_IN(
      "fentry.s/__arm64_sys_delete_module", Machine.ARM64, false, Lost.PAGE),

  /** A file is about to be read by the kernel for itself, and whether it may be. */
  READ_FILE(
      "fexit/security_kernel_read_file",
      Machine.ANY,
      true,
      "no finding for a module that is loaded from a file, and no path of it"),
  /** A file has been read, and whether it may be used. */
  POST_READ_FILE(
      "fexit/security_kernel_post_read_file",
      Machine.ANY,
      false,
      "size of the module file, and refusals after reading it"),
  /** Memory is about to be taken by the kernel for itself, and whether it may be. */
  LOAD_DATA(
      "fexit/security_kernel_load_data",
      Machine.ANY,
      false,
      "an init_module that never returns is noticed only if its module begins to run"),
  /** Memory has been taken, and whether it may be used. */
  POST_LOAD_DATA(
      "fexit/security_kernel_post_load_data",
      Machine.ANY,
      false,
      "size of a module in memory, and refusals after taking it"),
  /** Somebody had the kernel ask for a module. */
  SECURITY_MODULE_REQUEST(
      "fexit/security_kernel_module_request",
      Machine.ANY,
      false,
      "requests for a module that a security module refused"),

  /** A module is in place; its init is about to run. */
  MODULE_LOAD("tp_btf/module_load", Machine.ANY, true, "the names of loaded modules"),
  /** A module's memory is about to go. */
  MODULE_FREE(
      "tp_btf/module_free", Machine.ANY, false, "when a module was gone, and inits that failed"),
  /** The kernel starts modprobe. */
  MODULE_REQUEST(
      "tp_btf/module_request",
      Machine.ANY,
      false,
      "whether a request for a module led to modprobe"),
  /** A module's parameters are about to be set. */
  MODULE_COMING(
      "fentry/klp_module_coming",
      Machine.ANY,
      false,
      "a module's arguments as it got them, and modules whose parameter callbacks ran and refused"),
  /** The kernel is about to look at a module's signature. */
  MODULE_SIG_CHECK_ENTER(
      "fentry/module_sig_check",
      Machine.ANY,
      false,
      "what the kernel made of a module that it decompressed itself"),
  /** The kernel has looked at a module's signature. */
  MODULE_SIG_CHECK(
      "fexit/module_sig_check",
      Machine.ANY,
      false,
      "whether a refused module was unsigned, and whether lockdown refused it"),
  /** A module's init has returned. */
  MODULE_INIT("fexit/do_init_module", Machine.ANY, false, "what a module's own init returned");

  private final String target;
  private final Machine machine;
  private final boolean required;
  private final String lostWithout;

  Hook(String target, Machine machine, boolean required, String lostWithout) {
    this.target = target;
    this.machine = machine;
    this.required = required;
    this.lostWithout = lostWithout;
  }

  /**
   * Kind and place, as the section of the BPF program has it: {@code
   * fexit/security_kernel_read_file}.
   */
  public String target() {
    return target;
  }

  /** Whether the sensor refuses to start without it. */
  public boolean required() {
    return required;
  }

  /** What Kmodwatch cannot say without it, for a person: it reads on after "without it: ". */
  public String lostWithout() {
    return lostWithout;
  }

  /** The kernel function or tracepoint alone. */
  String place() {
    return target.substring(target.indexOf('/') + 1);
  }

  boolean isTracepoint() {
    return target.startsWith("tp_btf/");
  }

  /**
   * Whether its program may sleep, which most kernels do not let one do there. It only brings in
   * what others read: where the kernel takes none, this is no hook of the machine.
   */
  boolean sleeps() {
    return target.startsWith("fentry.s/");
  }

  boolean isOn(String osArch) {
    return machine == Machine.ANY || machine.osArch.equals(osArch);
  }

  static Optional<Hook> ofTarget(String target) {
    for (Hook hook : values()) {
      if (hook.target.equals(target)) {
        return Optional.of(hook);
      }
    }
    return Optional.empty();
  }

  /** The machines that have a hook, by Java's name for them. */
  private enum Machine {
    ANY("*"),
    X86_64("amd64"),
    ARM64("aarch64");

    private final String osArch;

    Machine(String osArch) {
      this.osArch = osArch;
    }
  }

  private static final class Lost {
    static final String ENTRY =
        "when the call began, and its arguments if the caller changes them while it runs";
    static final String RETURN = "what became of an attempt, and attempts that fail early";
    static final String PAGE =
        "parameters, and names of modules to unload, whose page was not there yet";
    static final String ENTRY_32 = ENTRY + ", by the 32-bit table";
    static final String RETURN_32 = RETURN + ", by the 32-bit table";
    static final String PAGE_32 = PAGE + ", by the 32-bit table";
  }
}
