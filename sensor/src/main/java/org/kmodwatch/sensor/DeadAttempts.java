package org.kmodwatch.sensor;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.kmodwatch.sensor.kernel.BpfMap;

/**
 * Frees the entries of attempts whose thread is dead. The programs have 512 entries. Either the
 * thread died in its call, so that the call never returns, or the kernel skipped one of the two
 * programs of the return.
 */
final class DeadAttempts {

  /**
   * The bits of a key that have the thread. The bits above have the depth of the attempt's nesting
   * (KW_TID_BITS in attempt.h).
   */
  private static final int TID_MASK = (1 << 24) - 1;

  private final BpfMap attempts;
  private final Path proc;

  DeadAttempts(BpfMap attempts, Path proc) {
    this.attempts = attempts;
    this.proc = proc;
  }

  void giveBack() {
    for (byte[] key : attempts.keys()) {
      int hostTid = ByteBuffer.wrap(key).order(ByteOrder.nativeOrder()).getInt() & TID_MASK;
      if (isDead(hostTid)) {
        attempts.remove(key);
      }
    }
  }

  /** Returns whether this thread no longer exists. */
  boolean isDead(int hostTid) {
    // In another pid namespace than the host's, a thread that is not in /proc may be alive.
    return !Files.exists(proc.resolve(Integer.toString(hostTid))) && PidNamespace.isInitial(proc);
  }
}
