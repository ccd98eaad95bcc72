package org.kmodwatch.sensor;

import java.util.Optional;

/**
 * Every hook in the kernel that the sensor uses. All of them are on the path of a module load or
 * unload, and on no other path (docs/decisions/0002).
 */
public enum Hook {
  /** Reads the arguments of {@code init_module}. */
  X64_INIT_MODULE_ENTER("fentry/__x64_sys_init_module", Machine.X86_64, false, Lost.ENTRY),
  /** Reads the result of {@code init_module}. */
  X64_INIT_MODULE_RETURN("fexit/__x64_sys_init_module", Machine.X86_64, true, Lost.RETURN),
  /** Reads the arguments of {@code finit_module}. */
  X64_FINIT_MODULE_ENTER("fentry/__x64_sys_finit_module", Machine.X86_64, false, Lost.ENTRY),
  /** Reads the result of {@code finit_module}. */
  X64_FINIT_MODULE_RETURN("fexit/__x64_sys_finit_module", Machine.X86_64, true, Lost.RETURN),
  /** Reads the arguments of {@code delete_module}. */
  X64_DELETE_MODULE_ENTER("fentry/__x64_sys_delete_module", Machine.X86_64, false, Lost.ENTRY),
  /** Reads the result of {@code delete_module}. */
  X64_DELETE_MODULE_RETURN("fexit/__x64_sys_delete_module", Machine.X86_64, false, Lost.RETURN),
  /** Pages in the parameters for {@code init_module}. */
  X64_INIT_MODULE_BRING_IN("fentry.s/__x64_sys_init_module", Machine.X86_64, false, Lost.PAGE),
  /** Pages in the parameters for {@code finit_module}. */
  X64_FINIT_MODULE_BRING_IN("fentry.s/__x64_sys_finit_module", Machine.X86_64, false, Lost.PAGE),
  /** Pages in the module's name for {@code delete_module}. */
  X64_DELETE_MODULE_BRING_IN("fentry.s/__x64_sys_delete_module", Machine.X86_64, false, Lost.PAGE),

  /** Reads the arguments of {@code init_module}, by the 32-bit table. */
  IA32_INIT_MODULE_ENTER("fentry/__ia32_sys_init_module", Machine.X86_64, false, Lost.ENTRY_32),
  /** Reads the result of {@code init_module}, by the 32-bit table. */
  IA32_INIT_MODULE_RETURN("fexit/__ia32_sys_init_module", Machine.X86_64, false, Lost.RETURN_32),
  /** Reads the arguments of {@code finit_module}, by the 32-bit table. */
  IA32_FINIT_MODULE_ENTER("fentry/__ia32_sys_finit_module", Machine.X86_64, false, Lost.ENTRY_32),
  /** Reads the result of {@code finit_module}, by the 32-bit table. */
  IA32_FINIT_MODULE_RETURN("fexit/__ia32_sys_finit_module", Machine.X86_64, false, Lost.RETURN_32),
  /** Reads the arguments of {@code delete_module}, by the 32-bit table. */
  IA32_DELETE_MODULE_ENTER("fentry/__ia32_sys_delete_module", Machine.X86_64, false, Lost.ENTRY_32),
  /** Reads the result of {@code delete_module}, by the 32-bit table. */
  IA32_DELETE_MODULE_RETURN(
      "fexit/__ia32_sys_delete_module", Machine.X86_64, false, Lost.RETURN_32),
  /** Pages in the parameters for {@code init_module}, by the 32-bit table. */
  IA32_INIT_MODULE_BRING_IN("fentry.s/__ia32_sys_init_module", Machine.X86_64, false, Lost.PAGE_32),
  /** Pages in the parameters for {@code finit_module}, by the 32-bit table. */
  IA32_FINIT_MODULE_BRING_IN(
      "fentry.s/__ia32_sys_finit_module", Machine.X86_64, false, Lost.PAGE_32),
  /** Pages in the module's name for {@code delete_module}, by the 32-bit table. */
  IA32_DELETE_MODULE_BRING_IN(
      "fentry.s/__ia32_sys_delete_module", Machine.X86_64, false, Lost.PAGE_32),

  /** Reads the arguments of {@code init_module}, 64-bit and 32-bit. */
  ARM64_INIT_MODULE_ENTER("fentry/__arm64_sys_init_module", Machine.ARM64, false, Lost.ENTRY),
  /** Reads the result of {@code init_module}, 64-bit and 32-bit. */
  ARM64_INIT_MODULE_RETURN("fexit/__arm64_sys_init_module", Machine.ARM64, true, Lost.RETURN),
  /** Reads the arguments of {@code finit_module}, 64-bit and 32-bit. */
  ARM64_FINIT_MODULE_ENTER("fentry/__arm64_sys_finit_module", Machine.ARM64, false, Lost.ENTRY),
  /** Reads the result of {@code finit_module}, 64-bit and 32-bit. */
  ARM64_FINIT_MODULE_RETURN("fexit/__arm64_sys_finit_module", Machine.ARM64, true, Lost.RETURN),
  /** Reads the arguments of {@code delete_module}, 64-bit and 32-bit. */
  ARM64_DELETE_MODULE_ENTER("fentry/__arm64_sys_delete_module", Machine.ARM64, false, Lost.ENTRY),
  /** Reads the result of {@code delete_module}, 64-bit and 32-bit. */
  ARM64_DELETE_MODULE_RETURN("fexit/__arm64_sys_delete_module", Machine.ARM64, false, Lost.RETURN),
  /** Pages in the parameters for {@code init_module}, 64-bit and 32-bit. */
  ARM64_INIT_MODULE_BRING_IN("fentry.s/__arm64_sys_init_module", Machine.ARM64, false, Lost.PAGE),
  /** Pages in the parameters for {@code finit_module}, 64-bit and 32-bit. */
  ARM64_FINIT_MODULE_BRING_IN("fentry.s/__arm64_sys_finit_module", Machine.ARM64, false, Lost.PAGE),
  /** Pages in the module's name for {@code delete_module}, 64-bit and 32-bit. */
  ARM64_DELETE_MODULE_BRING_IN(
      "fentry.s/__arm64_sys_delete_module", Machine.ARM64, false, Lost.PAGE),

  /** Runs when the kernel is about to read a file for itself. Reads whether it may. */
  READ_FILE(
      "fexit/security_kernel_read_file",
      Machine.ANY,
      true,
      "no finding for a module that is loaded from a file, and no path of it"),
  /** Runs when the kernel has read a file. Reads whether it may use it. */
  POST_READ_FILE(
      "fexit/security_kernel_post_read_file",
      Machine.ANY,
      false,
      "size of the module file, and refusals after reading it"),
  /** Runs when the kernel is about to take memory for itself. Reads whether it may. */
  LOAD_DATA(
      "fexit/security_kernel_load_data",
      Machine.ANY,
      false,
      "an init_module that never returns is noticed only if its module begins to run"),
  /** Runs when the kernel has taken memory. Reads whether it may use it. */
  POST_LOAD_DATA(
      "fexit/security_kernel_post_load_data",
      Machine.ANY,
      false,
      "size of a module in memory, and refusals after taking it"),
  /** Runs when a process makes the kernel request a module. */
  SECURITY_MODULE_REQUEST(
      "fexit/security_kernel_module_request",
      Machine.ANY,
      false,
      "requests for a module that a security module refused"),

  /** Runs when a module is loaded and its init is about to run. */
  MODULE_LOAD("tp_btf/module_load", Machine.ANY, true, "the names of loaded modules"),
  /** Runs when a module's memory is about to be freed. */
  MODULE_FREE(
      "tp_btf/module_free", Machine.ANY, false, "when a module was gone, and inits that failed"),
  /** Runs when the kernel starts modprobe. */
  MODULE_REQUEST(
      "tp_btf/module_request",
      Machine.ANY,
      false,
      "whether a request for a module led to modprobe"),
  /** Runs when a module's parameters are about to be set. */
  MODULE_COMING(
      "fentry/klp_module_coming",
      Machine.ANY,
      false,
      "a module's arguments as it got them, and modules whose parameter callbacks ran and refused"),
  /** Runs when the kernel is about to check a module's signature. */
  MODULE_SIG_CHECK_ENTER(
      "fentry/module_sig_check",
      Machine.ANY,
      false,
      "what the kernel made of a module that it decompressed itself"),
  /** Runs when the kernel has checked a module's signature. */
  MODULE_SIG_CHECK(
      "fexit/module_sig_check",
      Machine.ANY,
      false,
      "whether a refused module was unsigned, and whether lockdown refused it"),
  /** Runs when a module's init has returned. */
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
   * Returns kind and place as the section of the BPF program: {@code
   * fexit/security_kernel_read_file}.
   */
  public String target() {
    return target;
  }

  /** Returns whether the sensor refuses to start without this hook. */
  public boolean required() {
    return required;
  }

  /**
   * Returns what Kmodwatch cannot report without this hook, for a person. The text follows "without
   * it: ".
   */
  public String lostWithout() {
    return lostWithout;
  }

  /** Returns only the kernel function or tracepoint. */
  String place() {
    return target.substring(target.indexOf('/') + 1);
  }

  boolean isTracepoint() {
    return target.startsWith("tp_btf/");
  }

  /**
   * Returns whether its program may sleep, which most kernels do not allow there. Such a program
   * only pages in memory that other programs read. Where the kernel refuses it, the machine does
   * not have this hook.
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

  /** The machines that have a hook, with Java's names. */
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
