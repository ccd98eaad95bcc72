package org.kmodwatch.agent.build;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.sensor.ClockStep;
import org.kmodwatch.sensor.HookStatus;
import org.kmodwatch.sensor.LeftBehind;
import org.kmodwatch.sensor.LoadedModules;
import org.kmodwatch.sensor.Sensor;
import org.kmodwatch.sensor.SensorFault;
import org.kmodwatch.sensor.SensorStatistics;

/**
 * A source on which nothing happens: what {@link Training} and tests of {@code watch} start from.
 */
public class QuietSensor implements Sensor {

  private static final SensorStatistics.OfLane EMPTY =
      new SensorStatistics.OfLane(0, 0, 0, 0, 0, 0, 0, 0);

  @Override
  public List<HookStatus> hooks() {
    return List.of();
  }

  @Override
  public boolean isWithoutStrings() {
    return false;
  }

  @Override
  public int poll(Duration timeout, Consumer<Event> sink) {
    return 0;
  }

  @Override
  public boolean isBehind() {
    return false;
  }

  @Override
  public void wakeUp() {}

  @Override
  public void detach() {}

  @Override
  public int drain(Consumer<Event> sink) {
    return 0;
  }

  @Override
  public boolean isResumed() {
    return false;
  }

  @Override
  public boolean isPinned() {
    return false;
  }

  @Override
  public boolean mustCommit() {
    return false;
  }

  @Override
  public void commit() {}

  @Override
  public long seenUpToNanos() {
    return 0;
  }

  @Override
  public List<ClockStep> takeClockSteps() {
    return List.of();
  }

  @Override
  public List<SensorFault> faults() {
    return List.of();
  }

  @Override
  public LoadedModules loadedModules() {
    return LoadedModules.NONE;
  }

  @Override
  public List<SensorFault> startFaults() {
    return List.of();
  }

  @Override
  public List<LeftBehind> leftBehind() {
    return List.of();
  }

  @Override
  public SensorStatistics recentStatistics() {
    return statistics();
  }

  @Override
  public SensorStatistics statistics() {
    return new SensorStatistics(EMPTY, EMPTY, 0, 0, 0, 0, 0, 0, 0, Map.of());
  }

  @Override
  public void close() {}
}
