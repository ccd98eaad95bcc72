package org.kmodwatch.core.load;

/** Counts about how many bytes of the heap are kept: of each thing once, in any number of lists. */
final class KeptBytes {

  private long total;

  /** A thing that is kept. */
  abstract static class Kept {
    private int lists;
    private long bytes;

    /** Whether it is in any list. */
    final boolean isKept() {
      return lists > 0;
    }
  }

  /** Takes notice of a thing that enters a list. */
  void enter(Kept each) {
    if (each.lists++ == 0) {
      total += each.bytes;
    }
  }

  /** Takes notice of a thing that leaves a list. */
  void leave(Kept each) {
    if (--each.lists == 0) {
      total -= each.bytes;
    }
  }

  /** Takes notice of a thing that grows, in a list or not. */
  void grow(Kept each, long bytes) {
    each.bytes += bytes;
    if (each.lists > 0) {
      total += bytes;
    }
  }

  long total() {
    return total;
  }
}
