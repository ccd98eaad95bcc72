package org.kmodwatch.core.load;

/** Estimates how many bytes of the heap are kept. An object counts once, in any number of lists. */
final class KeptBytes {

  private long total;

  /** An object that may be in lists. */
  abstract static class Kept {
    private int lists;
    private long bytes;

    /** Returns whether the object is in any list. */
    final boolean isKept() {
      return lists > 0;
    }
  }

  /** Notes that an object enters a list. */
  void enter(Kept each) {
    if (each.lists++ == 0) {
      total += each.bytes;
    }
  }

  /** Notes that an object leaves a list. */
  void leave(Kept each) {
    if (--each.lists == 0) {
      total -= each.bytes;
    }
  }

  /** Notes that an object grows, in a list or not. */
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
