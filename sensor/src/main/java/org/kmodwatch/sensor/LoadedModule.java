package org.kmodwatch.sensor;

/**
 * A module that came in since the programs are on their hooks, and has not gone.
 *
 * <p>The addresses stay in this process: where the kernel's code is laid out is a secret, so {@link
 * #toString} leaves them out.
 *
 * @param address of its struct module, which with {@code loadedBootNanos} tells it from any other
 * @param loadedBootNanos when it came in, by CLOCK_BOOTTIME
 * @param attemptId the id of the load record of the attempt that brought it in
 * @param hostThreadId who made that attempt
 * @param name with what is not UTF-8 as {@code \xNN}
 * @param rawName its bytes, each as one character
 * @param base what /proc/modules has as its address, for who may see it; 0 if there is none
 * @param sizeBytes memory that it takes, without what goes once its init has returned
 * @param taints the kernel's bits, as they were when it came in
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

  /** How far the call is that brought a module in. */
  public enum Progress {

    /** It goes on: the module's init runs, or the kernel is not done with it. */
    IN_CALL,

    /** It has returned. */
    RETURNED,

    /** Its entry was not seen, as with ftrace switched off, so its return may not be either. */
    RETURN_MAY_NOT_BE_SEEN
  }

  @Override
  public String toString() {
    return "LoadedModule[name=%s, attemptId=%s, progress=%s]".formatted(name, attemptId, progress);
  }
}
