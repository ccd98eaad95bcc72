package org.kmodwatch.sensor;

import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.kmodwatch.core.event.Event;

/** The live sensor. Used by one platform thread; {@link #close} may come from another. */
public final class Sensor implements AutoCloseable {

  private Sensor() {}

  /**
   * Loads and attaches every hook that this kernel has.
   *
   * @throws SensorException if a required hook cannot be attached, or libbpf, BTF, or the privilege
   *     is missing
   */
  public static Sensor start() {
    return new Sensor();
  }

  /**
   * Loads and attaches each hook by itself and takes it off again: what {@code doctor} shows.
   *
   * @throws SensorException if nothing at all can be tried (no libbpf, no BTF, no privilege)
   */
  public static List<HookStatus> probeHooks() {
    return List.of();
  }

  /** What became of each hook, in the order of {@link Hook}. */
  public List<HookStatus> hooks() {
    return List.of();
  }

  /**
   * Hands over the events that are there, waiting for the first at most {@code timeout}.
   *
   * @param sink takes each event, on the calling thread
   * @return how many were handed over; 0 after a time-out or {@link #wakeUp}
   */
  public int poll(Duration timeout, Consumer<Event> sink) {
    return 0;
  }

  /** Makes a {@link #poll} that is waiting return; from any thread. */
  public void wakeUp() {}

  /** Takes the programs off the kernel; what is in the ring stays readable by {@link #poll}. */
  public void detach() {}

  /** Hands over what is left after {@link #detach}, calls that have not returned included. */
  public int drain(Consumer<Event> sink) {
    return 0;
  }

  /** The account so far. */
  public SensorStatistics statistics() {
    return new SensorStatistics(0, 0, 0, 0, 0);
  }

  /** Detaches and frees everything; a second call does nothing. */
  @Override
  public void close() {}
}
