package org.kmodwatch.agent.sink;

/** Ends items that were claimed from the memory queue: removes and counts them. */
final class MemorySettlement implements Settlement {

  private final MemoryQueue queue;
  private final Counters counters;

  MemorySettlement(MemoryQueue queue, Counters counters) {
    this.queue = queue;
    this.counters = counters;
  }

  @Override
  public void settle(int count, boolean refused) {
    queue.remove(count);
    if (refused) {
      counters.refused(count, false);
    } else {
      counters.delivered(count, false);
    }
  }
}
