package org.kmodwatch.sensor;

/**
 * A module that was loaded after the programs were attached, and is still loaded.
 *
 * <p>The addresses stay in this process, so {@link #toString} leaves them out: the layout of the
 * kernel's code is a secret.
 *
 * @param address the address of its struct module, which identifies it with {@code loadedBootNanos}
 * @param loadedBootNanos the time of its load, by CLOCK_BOOTTIME
 * @param attemptId the id of the load record of the attempt that loaded it
 * @param hostThreadId the thread that made that attempt
 * @param name its name, with bytes that are not UTF-8 as {@code \xNN}
 * @param rawName its name's bytes, each as one character
 * @param base its address in /proc/modules, for a process that may see it; 0 if it has none
 * @param sizeBytes the memory that it takes, without the part that is freed after its init
 * @param taints the kernel's bits at the time of its load
 */
public record LoadedModule(
    long address,
    long loadedBootNanos,
    String attemptId,
    int hostThreadId,
    String name,
    String rawName,
    long base,
    long sizeBytes,
    long taints,
    Progress progress) {

  /** The progress of the call that loaded a module. */
  public enum Progress {

    /** The call has not returned: the module's init runs, or the kernel has not finished. */
    IN_CALL,

    /** The call has returned. */
    RETURNED,

    /**
     * The programs missed the call's entry, for example with ftrace switched off. They may miss its
     * return too.
     */
    RETURN_MAY_NOT_BE_SEEN
  }

  @Override
  public String toString() {
    return "LoadedModule[name=%s, attemptId=%s, progress=%s]".formatted(name, attemptId, progress);
  }
}
