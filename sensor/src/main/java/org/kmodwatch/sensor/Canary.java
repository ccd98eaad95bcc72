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
 * A harmless call of the agent, made at intervals, whose record must come out of every ring: {@code
 * finit_module(-1, "", flags)}. Its flags are unknown to every kernel and cannot be guessed. The
 * programs send the record by each ring, regardless of limits. A record that is missing after a
 * second is a fault of that ring. If all are missing, the hooks on calls have a fault.
 */
final class Canary {

  /** The time from one call to the next. */
  static final long INTERVAL_NANOS = 5_000_000_000L;

  /** The time within which the record must arrive. */
  static final long LIMIT_NANOS = 1_000_000_000L;

  /** The time without any progress of reading after which a missing record is a fault. */
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
    /** Makes the call, and returns the kernel's result. */
    long with(int flags);
  }

  /** The ways by which the record must arrive. */
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
   * Creates a canary. No call was made yet.
   *
   * @param nanoClock the clock of {@link #tick}
   * @param randomness the source of the flags, created at the first call: Java's secure source
   *     takes time to create, and the sensor is armed without waiting for it
   */
  Canary(Call call, LongSupplier nanoClock, Supplier<? extends Random> randomness) {
    this.call = call;
    this.nanoClock = nanoClock;
    this.randomness = randomness;
  }

  /**
   * Makes a call if one is due, and checks whether the last one arrived.
   *
   * @param seenUpToNanos the time up to which all records in the rings were read. Behind a backlog,
   *     a call may still arrive
   * @param ways the existing ways; if there are none, no call is made
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
      // Not an earlier time: if the call itself takes seconds, others arrive before it.
      sentNanos = Math.max(nowNanos, nanoClock.getAsLong());
    }
  }

  /** Notes a canary record that arrived. */
  void heard(Way way, int heardFlags) {
    if (heardFlags == flags && awaited.remove(way) && awaited.isEmpty()) {
      faults = List.of();
    }
  }

  /** Returns a fault for each way by which the last call did not arrive in time. */
  List<SensorFault> faults() {
    return faults;
  }

  /** Returns the interval: shorter during a fault, so that its end is reported soon. */
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
