package org.kmodwatch.sensor;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.kmodwatch.sensor.kernel.BpfMap;

/**
 * Gives back the places of attempts whose thread died in its call: their return never comes, and
 * the programs have room for 512 at a time.
 */
final class DeadAttempts {

  /** How often it is looked for them. */
  static final long INTERVAL_NANOS = 10_000_000_000L;

  private final BpfMap attempts;
  private final Path proc;
  private long lookedNanos;

  DeadAttempts(BpfMap attempts, Path proc) {
    this.attempts = attempts;
    this.proc = proc;
  }

  void tick(long nowNanos) {
    if (nowNanos - lookedNanos < INTERVAL_NANOS) {
      return;
    }
    lookedNanos = nowNanos;
    for (byte[] key : attempts.keys()) {
      int hostTid = ByteBuffer.wrap(key).order(ByteOrder.nativeOrder()).getInt();
      // In a pid namespace of our own, a thread that is not in /proc may well be alive.
      if (!Files.exists(proc.resolve(Integer.toString(hostTid))) && PidNamespace.isInitial(proc)) {
        attempts.remove(key);
      }
    }
  }
}
