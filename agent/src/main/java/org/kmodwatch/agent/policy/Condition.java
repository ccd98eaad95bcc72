package org.kmodwatch.agent.policy;

import org.kmodwatch.core.load.LoadRecord;

/** What must hold for a rule to speak. One thread at a time. */
interface Condition {

  /** Whether it holds. */
  Answer of(LoadRecord record);

  /** What a condition comes to. */
  sealed interface Answer {

    /** It holds, or it does not. */
    enum Plain implements Answer {
      /** It holds. */
      YES,
      /** It does not hold. */
      NO,
      /** It asks for something that this record does not have, so it does not hold. */
      NOT_KNOWN
    }

    /**
     * It cannot be evaluated, so it does not hold.
     *
     * @param why for a person
     */
    record Failed(String why) implements Answer {}
  }
}
