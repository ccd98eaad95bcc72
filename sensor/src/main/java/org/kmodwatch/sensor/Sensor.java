package org.kmodwatch.sensor;

import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.kmodwatch.core.event.Event;

/**
 * The live sensor. One platform thread starts, polls, drains and closes it. Only {@link #wakeUp}
 * may be called from another thread.
 *
 * <p>At the end: {@link #detach}, {@link #drain}, {@link #close}.
 */
public interface Sensor extends AutoCloseable {

  /** The facts that Kmodwatch cannot report if the kernel is locked down for confidentiality. */
  String LOST_IN_LOCKDOWN =
      "the bytes that were loaded (instead of them the file is hashed, where its path is known),"
          + " parameters, command lines, cgroup paths and so containers, what an autoload was asked"
          + " for, names of 32 bytes or more in paths, and in paths of other mounts than that of /"
          + " where they are mounted";

  /**
   * Loads and attaches every hook that this kernel has.
   *
   * @param options the memory for images, and their reader
   * @throws SensorException if a required hook cannot be attached, or libbpf, BTF, or the privilege
   *     is missing
   */
  static Sensor start(SensorOptions options) {
    return BpfSensor.start(options);
  }

  /**
   * Loads and attaches every hook that this kernel has, required or not, and detaches them again.
   * {@code doctor} shows the result.
   *
   * @throws SensorException if no hook can be tried, because libbpf or BTF is missing
   */
  static List<HookStatus> probeHooks() {
    return BpfSensor.probeHooks();
  }

  /** Returns the state of each hook of this machine, in the order of {@link Hook}. */
  List<HookStatus> hooks();

  /**
   * Emits the events that are there. Waits for the first event at most {@code timeout}. If there
   * are many, it emits only some of them, and {@link #isBehind} returns true. Then the next call
   * does not wait.
   *
   * @param sink receives each event, on the calling thread
   * @return how many events were emitted; 0 after a time-out or {@link #wakeUp}
   */
  int poll(Duration timeout, Consumer<Event> sink);

  /**
   * Returns whether this kernel lets the programs read no strings and no bytes of modules, because
   * it is locked down for confidentiality. Then {@link #LOST_IN_LOCKDOWN} applies.
   */
  boolean isWithoutStrings();

  /** Returns whether the programs were already attached by a process before this one. */
  boolean isResumed();

  /** Returns the unread records of replaced pinned programs, which nobody will read. */
  List<LeftBehind> leftBehind();

  /** Returns the changes to the pins between the last process and this one: nobody watched then. */
  List<SensorFault> startFaults();

  /**
   * Returns whether the programs stay attached without this process, and the next process finds its
   * state.
   */
  boolean isPinned();

  /**
   * Returns whether the rings will soon be short of room, because so much was read and not {@link
   * #commit committed}.
   */
  boolean mustCommit();

  /**
   * Frees all events that were emitted so far: no other process will find them again. Without pins,
   * each event is freed at once.
   */
  void commit();

  /** Ends a waiting {@link #poll}. Any thread may call it, until {@link #close}. */
  void wakeUp();

  /** Detaches the programs. The records in the ring stay there for {@link #drain}. */
  void detach();

  /** Returns whether the rings have more records than the last {@link #poll} emitted. */
  boolean isBehind();

  /**
   * Emits the remaining events after {@link #detach}, for 75 seconds at most, with calls that have
   * not returned. If the programs are pinned, it takes five seconds at most. Then it leaves those
   * calls and unread records to the next process.
   */
  int drain(Consumer<Event> sink);

  /** Returns the account so far. */
  SensorStatistics statistics();

  /**
   * Returns the account as of the last {@link #poll}, without its end. It is a second old at most.
   */
  SensorStatistics recentStatistics();

  /**
   * Returns the time up to which all events have been emitted. It decides whether an event is
   * overdue, even if the reader is far behind. It is on the scale of {@link
   * org.kmodwatch.core.event.SensorContexts#steadyNanos}, which nobody can set.
   */
  long seenUpToNanos();

  /** Returns the changes of the clock since the last call, as of the last {@link #poll}. */
  List<ClockStep> takeClockSteps();

  /** Returns the modules that the programs saw loaded and not yet removed. */
  LoadedModules loadedModules();

  /** Returns the parts that do not work as they should, as of the last {@link #poll}. */
  List<SensorFault> faults();

  /** Detaches and frees everything. A second call does nothing. */
  @Override
  void close();
}
