package org.kmodwatch.agent.watch;

import java.time.Duration;
import java.util.List;
import org.kmodwatch.agent.clock.SteadyClock;
import org.kmodwatch.sensor.Sensor;
import org.kmodwatch.sensor.SensorFault;

/**
 * Times the steps of a run: the waits for events, the checks of sensor and outputs, and the ledger.
 * Only the run's thread uses it.
 */
final class Schedule {

  /** The longest wait for events. After it the run checks whether the ledger is due. */
  private static final Duration POLL_TIMEOUT = Duration.ofSeconds(1);

  /**
   * The longest wait while something depends on the passing of time, such as an incomplete load.
   */
  private static final Duration BUSY_POLL_TIMEOUT = Duration.ofMillis(250);

  /** The time after the last event until nothing depends on the passing of time any more. */
  private static final Duration BUSY_FOR = Duration.ofSeconds(10);

  /** The interval between two checks for faults and losses. */
  private static final Duration CHECK_INTERVAL = Duration.ofMillis(500);

  /** The longest interval between two checks of a sensor with a backlog. */
  private static final Duration MAX_CHECK_INTERVAL = Duration.ofSeconds(5);

  private static final Duration LEDGER_INTERVAL = Duration.ofSeconds(5);

  private final SteadyClock steadyClock;
  private boolean busy;
  private long busySinceNanos;
  private List<SensorFault> checkedFaults = List.of();
  private long checkBeganNanos;
  private long checkedNanos;
  private long checkTookNanos;
  private long nextLedgerNanos;

  /**
   * Creates a schedule with a check and a ledger due at once.
   *
   * @param steadyClock the clock for waits
   */
  Schedule(SteadyClock steadyClock) {
    this.steadyClock = steadyClock;
    this.nextLedgerNanos = steadyClock.nanos();
    this.checkedNanos = nextLedgerNanos - CHECK_INTERVAL.toNanos();
  }

  /** Notes that an event came: for some time, more depends on the passing of time. */
  void event() {
    busy = true;
    busySinceNanos = steadyClock.nanos();
  }

  /**
   * Returns the longest wait for events.
   *
   * @param pending whether something else depends on the passing of time
   */
  Duration pollTimeout(boolean pending) {
    busy = busy && steadyClock.nanos() - busySinceNanos < BUSY_FOR.toNanos();
    return busy || pending ? BUSY_POLL_TIMEOUT : POLL_TIMEOUT;
  }

  /**
   * Returns whether a check is due. It is due at once when the faults change: later events are
   * judged by them.
   */
  boolean isCheckDue(Sensor live) {
    return !live.faults().equals(checkedFaults) || isDue(checkedNanos + checkPauseNanos(live));
  }

  /**
   * Returns the pause before the next check. During a backlog on a slow machine it is longer,
   * because reading comes first.
   */
  private long checkPauseNanos(Sensor live) {
    long usual = CHECK_INTERVAL.toNanos();
    return live.isBehind()
        ? Math.clamp(3 * checkTookNanos, usual, MAX_CHECK_INTERVAL.toNanos())
        : usual;
  }

  void checkBegins(Sensor live) {
    checkBeganNanos = steadyClock.nanos();
    checkedFaults = live.faults();
  }

  void checkEnds() {
    checkedNanos = steadyClock.nanos();
    checkTookNanos = checkedNanos - checkBeganNanos;
  }

  boolean isLedgerDue() {
    return isDue(nextLedgerNanos);
  }

  void ledgerWritten() {
    nextLedgerNanos = steadyClock.nanos() + LEDGER_INTERVAL.toNanos();
  }

  private boolean isDue(long whenNanos) {
    return steadyClock.nanos() - whenNanos >= 0;
  }
}
