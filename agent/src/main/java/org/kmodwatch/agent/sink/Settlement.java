package org.kmodwatch.agent.sink;

/** A settlement ends the items of a batch, in their order. One thread uses it. */
interface Settlement {

  /**
   * Ends the next {@code count} items of the batch.
   *
   * @param refused whether the receiver rejected them; otherwise it accepted them
   */
  void settle(int count, boolean refused);
}
