package org.kmodwatch.sensor;

/** Starts a sensor: {@link Sensor#start}, or another one in a test. */
@FunctionalInterface
public interface SensorStart {

  /**
   * Starts the sensor.
   *
   * @throws SensorException if the sensor cannot start
   */
  Sensor start(SensorOptions options);
}
