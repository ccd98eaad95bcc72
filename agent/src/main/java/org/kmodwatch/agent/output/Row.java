package org.kmodwatch.agent.output;

/**
 * One row of the table. The texts are as they came: whoever shows them escapes them.
 *
 * @param timestampNanos when, nanoseconds since the epoch
 * @param what what was asked for: load, unload, request; or a signature's id
 * @param who on whose behalf
 * @param module the module's name, its file, or what else is known of it
 * @param outcome what became of it
 * @param tone how good or bad that is
 * @param more what else a person must know; empty for nothing
 * @param moreTone how bad that is
 */
record Row(
    long timestampNanos,
    String what,
    String who,
    String module,
    String outcome,
    Tone tone,
    String more,
    Tone moreTone) {

  /** A row with nothing more to say. */
  Row(long timestampNanos, String what, String who, String module, String outcome, Tone tone) {
    this(timestampNanos, what, who, module, outcome, tone, "", Tone.PLAIN);
  }

  /** How a row stands out. */
  enum Tone {
    /** A finding of high severity. */
    ALARM,
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
