package org.kmodwatch.agent.output;

/**
 * One row of the table. The texts are as they came: whoever shows them escapes them.
 *
 * @param timestampNanos when, nanoseconds since the epoch
 * @param what a signature's id, or what was asked for: load, unload, request
 * @param who who did it
 * @param module the module's name, its file, or what else is known of it
 * @param outcome what became of it
 * @param tone how good or bad that is
 */
record Row(long timestampNanos, String what, String who, String module, String outcome, Tone tone) {

  /** How a row stands out. */
  enum Tone {
    /** A finding. */
    FINDING,
    /** It was done. */
    DONE,
    /** A check said no. */
    REFUSED,
    /** Something else went wrong. */
    FAILED,
    /** Nothing to stand out for. */
    PLAIN
  }
}
