package org.kmodwatch.sensor;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.CanaryCall;

/**
 * A harmless call of our own, at intervals, that must come out of every ring: {@code
 * finit_module(-1, "", flags)} with flags that no kernel knows and nobody guesses. The programs
 * send it by each ring, whatever limit there is. One that has not come within a second is a fault
 * of that ring, or if it came by none, of the hooks on calls.
 */
final class Canary {

  /** From one call to the next. */
  static final long INTERVAL_NANOS = 5_000_000_000L;

  /** Within this it must have come. */
  static final long LIMIT_NANOS = 1_000_000_000L;

  /** Something must be read within this, or what is to come will not. */
  static final long STANDSTILL_NANOS = 60_000_000_000L;

  private final Call call;
  private final LongSupplier nanoClock;
  private final Supplier<? extends Random> randomness;
  private @Nullable Random random;
  private final Set<Way> awaited = EnumSet.noneOf(Way.class);
  private List<SensorFault> faults = List.of();
  private int flags;
  private long sentNanos;
  private long lastSeenUpToNanos;
  private long progressNanos;
  private boolean sent;

  /** Makes the call. */
  interface Call {
    /** Returns what the kernel answered. */
    long with(int flags);
  }

  /** The ways that it must come by. */
  enum Way {
    ATTEMPTS("lane attempts"),
    LOADS("lane loads"),
    IMAGES("images");

    private final String part;

    Way(String part) {
      this.part = part;
    }
  }

  /**
   * Makes one.
   *
   * @param nanoClock the clock of {@link #tick}
   * @param randomness is asked at the first call: Java's secure one takes time to be made, which
   *     the sensor need not wait for to be armed
   */
  Canary(Call call, LongSupplier nanoClock, Supplier<? extends Random> randomness) {
    this.call = call;
    this.nanoClock = nanoClock;
    this.randomness = randomness;
  }

  /**
   * Makes a call if one is due, and looks whether the last has come.
   *
   * @param seenUpToNanos up to when all that the rings held has been read: behind a backlog, a call
   *     that has not come yet may be about to
   * @param ways those that there are; if none, no call is made
   */
  void tick(long nowNanos, long seenUpToNanos, Set<Way> ways) {
    if (ways.isEmpty()) {
      return;
    }
    if (seenUpToNanos != lastSeenUpToNanos) {
      lastSeenUpToNanos = seenUpToNanos;
      progressNanos = nowNanos;
    }
    if (!awaited.isEmpty()
        && (seenUpToNanos - sentNanos >= LIMIT_NANOS
            || nowNanos - Math.max(sentNanos, progressNanos) >= STANDSTILL_NANOS)) {
      faults = missing(ways);
      awaited.clear();
    }
    if (awaited.isEmpty() && (!sent || nowNanos - sentNanos >= interval())) {
      awaited.addAll(ways);
      if (random == null) {
        random = randomness.get();
      }
      flags = CanaryCall.UNKNOWN_FLAG | random.nextInt(CanaryCall.UNKNOWN_FLAG);
      sent = true;
      call.with(flags);
      // Not before it: where the call itself takes seconds, others come before it.
      sentNanos = Math.max(nowNanos, nanoClock.getAsLong());
    }
  }

  /** Takes one that came. */
  void heard(Way way, int heardFlags) {
    if (heardFlags == flags && awaited.remove(way) && awaited.isEmpty()) {
      faults = List.of();
    }
  }

  /** What did not come, the last time that all had been given the time. */
  List<SensorFault> faults() {
    return faults;
  }

  /** While something is amiss it is tried more often, to say soon that it is mended. */
  private long interval() {
    return faults.isEmpty() ? INTERVAL_NANOS : LIMIT_NANOS;
  }

  private List<SensorFault> missing(Set<Way> ways) {
    if (awaited.containsAll(ways)) {
      return List.of(
          new SensorFault(
              "calls", "our own finit_module was not seen: the hooks on system calls do not fire"));
    }
    var missing = new ArrayList<SensorFault>();
    for (Way way : awaited) {
      missing.add(
          new SensorFault(
              way.part, "our own finit_module did not come by it within a second, but by another"));
    }
    return List.copyOf(missing);
  }
}
