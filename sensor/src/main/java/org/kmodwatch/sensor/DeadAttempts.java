package org.kmodwatch.sensor;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.kmodwatch.sensor.kernel.BpfMap;

/**
 * Gives back the places of attempts whose thread is dead, of which the programs have 512: it died
 * in its call, whose return never comes, or the kernel skipped one of the two programs of the
 * return.
 */
final class DeadAttempts {

  /** Above it a key has how deep the attempt is nested (KW_TID_BITS in attempt.h). */
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

  /** Whether there is no such thread any more. */
  boolean isDead(int hostTid) {
    // In a pid namespace of our own, a thread that is not in /proc may well be alive.
    return !Files.exists(proc.resolve(Integer.toString(hostTid))) && PidNamespace.isInitial(proc);
  }
}
