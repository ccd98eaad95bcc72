package org.kmodwatch.agent.watch;

import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.sensor.ClockStep;
import org.kmodwatch.sensor.HookStatus;
import org.kmodwatch.sensor.LeftBehind;
import org.kmodwatch.sensor.LoadedModules;
import org.kmodwatch.sensor.Sensor;
import org.kmodwatch.sensor.SensorFault;
import org.kmodwatch.sensor.SensorOptions;
import org.kmodwatch.sensor.SensorStatistics;

/**
 * Where {@code watch} has its events from; the methods are those of {@link Sensor}. All of them are
 * called by the thread that made it, except {@link #wakeUp}.
 */
public interface LiveSource extends AutoCloseable {

  /** Starts the sensor. */
  static LiveSource sensor(SensorOptions options) {
    Sensor sensor = Sensor.start(options);
    return new LiveSource() {
      @Override
      public List<HookStatus> hooks() {
        return sensor.hooks();
      }

      @Override
      public boolean isWithoutStrings() {
        return sensor.isWithoutStrings();
      }

      @Override
      public int poll(Duration timeout, Consumer<Event> sink) {
        return sensor.poll(timeout, sink);
      }

      @Override
      public boolean isBehind() {
        return sensor.isBehind();
      }

      @Override
      public void wakeUp() {
        sensor.wakeUp();
      }

      @Override
      public void detach() {
        sensor.detach();
      }

      @Override
      public int drain(Consumer<Event> sink) {
        return sensor.drain(sink);
      }

      @Override
      public SensorStatistics statistics() {
        return sensor.statistics();
      }

      @Override
      public SensorStatistics recentStatistics() {
        return sensor.recentStatistics();
      }

      @Override
      public boolean isResumed() {
        return sensor.isResumed();
      }

      @Override
      public List<LeftBehind> leftBehind() {
        return sensor.leftBehind();
      }

      @Override
      public List<SensorFault> startFaults() {
        return sensor.startFaults();
      }

      @Override
      public boolean isPinned() {
        return sensor.isPinned();
      }

      @Override
      public boolean mustCommit() {
        return sensor.mustCommit();
      }

      @Override
      public void commit() {
        sensor.commit();
      }

      @Override
      public long seenUpToNanos() {
        return sensor.seenUpToNanos();
      }

      @Override
      public List<ClockStep> takeClockSteps() {
        return sensor.takeClockSteps();
      }

      @Override
      public List<SensorFault> faults() {
        return sensor.faults();
      }

      @Override
      public LoadedModules loadedModules() {
        return sensor.loadedModules();
      }

      @Override
      public void close() {
        sensor.close();
      }
    };
  }

  List<HookStatus> hooks();

  boolean isWithoutStrings();

  int poll(Duration timeout, Consumer<Event> sink);

  boolean isBehind();

  void wakeUp();

  void detach();

  int drain(Consumer<Event> sink);

  SensorStatistics statistics();

  SensorStatistics recentStatistics();

  boolean isResumed();

  List<LeftBehind> leftBehind();

  List<SensorFault> startFaults();

  boolean isPinned();

  boolean mustCommit();

  void commit();

  long seenUpToNanos();

  List<ClockStep> takeClockSteps();

  List<SensorFault> faults();

  LoadedModules loadedModules();

  @Override
  void close();
}
