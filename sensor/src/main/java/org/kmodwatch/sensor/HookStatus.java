package org.kmodwatch.sensor;

/**
 * What became of one hook on this kernel.
 *
 * @param hook the hook
 * @param state how it stands
 * @param detail why it is not attached, in the kernel's or libbpf's words, with the errno's name;
 *     empty when attached
 */
public record HookStatus(Hook hook, State state, String detail) {

  /** How a hook stands. */
  public enum State {
    /** Loaded and attached. */
    ATTACHED,
    /** This kernel does not have the function or tracepoint. */
    ABSENT,
    /** The kernel has it, and refused the program or the attachment. */
    FAILED,
    /** As {@link #FAILED}, but for a reason that may pass: the next start may attach it. */
    FAILED_FOR_NOW
  }
}
