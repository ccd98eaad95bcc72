package org.kmodwatch.sensor;

/**
 * The state of one hook on this kernel.
 *
 * @param hook the hook
 * @param state its state
 * @param detail why it is not attached, in the kernel's or libbpf's words, with the errno's name;
 *     empty when attached
 */
public record HookStatus(Hook hook, State state, String detail) {

  /** The state of a hook. */
  public enum State {
    /** Loaded and attached. */
    ATTACHED,
    /** This kernel does not have the function or tracepoint. */
    ABSENT,
    /** The kernel has it, but refused the program or the attachment. */
    FAILED,
    /** The same as {@link #FAILED}, but for a temporary reason: the next start may attach it. */
    FAILED_FOR_NOW
  }
}
