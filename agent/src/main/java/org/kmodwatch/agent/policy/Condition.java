package org.kmodwatch.agent.policy;

import org.kmodwatch.core.load.LoadRecord;

/** The condition of a rule. One thread at a time may use it. */
interface Condition {

  /** Evaluates the condition for a record. */
  Answer of(LoadRecord record);

  /** The result of a condition. */
  sealed interface Answer {

    /** The condition holds or not. */
    enum Plain implements Answer {
      /** The condition holds. */
      YES,
      /** The condition does not hold. */
      NO,
      /** The condition needs a value that this record does not have, so it does not hold. */
      NOT_KNOWN
    }

    /**
     * The condition cannot be evaluated, so it does not hold.
     *
     * @param why the reason, for a person
     */
    record Failed(String why) implements Answer {}
  }
}
