package org.kmodwatch.agent.output;

/**
 * One row of the table. The texts are not escaped: the code that shows them escapes them.
 *
 * @param timestampNanos the time, in nanoseconds since the epoch
 * @param what the action: load, unload, request; or a signature's id
 * @param who the process and user that asked for it
 * @param module the module's name, its file, or another known fact about it
 * @param outcome the outcome of the action
 * @param tone how good or bad the outcome is
 * @param more further facts that a person must know; may be empty
 * @param moreTone how bad these facts are
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

  /** Creates a row without further facts. */
  Row(long timestampNanos, String what, String who, String module, String outcome, Tone tone) {
    this(timestampNanos, what, who, module, outcome, tone, "", Tone.PLAIN);
  }

  /** The emphasis of a row. */
  enum Tone {
    /** Marks a finding of high severity. */
    ALARM,
    /** Marks a finding. */
    FINDING,
    /** Marks a completed action. */
    DONE,
    /** Marks an action that a check refused. */
    REFUSED,
    /** Marks an action that failed for another reason. */
    FAILED,
    /** Marks a row without emphasis. */
    PLAIN
  }
}
