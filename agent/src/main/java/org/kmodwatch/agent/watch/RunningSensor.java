package org.kmodwatch.agent.watch;

import org.jspecify.annotations.Nullable;
import org.kmodwatch.sensor.Sensor;

/**
 * Holds the running sensor, so that another thread can wake it. A sensor that is being closed must
 * not be woken. Thread-safe.
 */
final class RunningSensor {

  private @Nullable Sensor sensor;

  synchronized void started(Sensor live) {
    sensor = live;
  }

  /** Releases the sensor, before it is closed. */
  synchronized void ends() {
    sensor = null;
  }

  /** Ends the present wait for events, if the sensor runs. */
  synchronized void wakeUp() {
    if (sensor != null) {
      sensor.wakeUp();
    }
  }
}
