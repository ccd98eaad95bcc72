package org.kmodwatch.sensor;

/**
 * A part of the sensor that does not work as it should.
 *
 * @param part the part: {@code calls}, {@code lane attempts}, {@code lane loads}, {@code images},
 *     {@code ftrace}, {@code hook TARGET}, {@code pins}, {@code counters}, {@code control}, {@code
 *     rings}, {@code work space}; the agent also has {@code state}
 * @param detail the finding, for a person
 */
public record SensorFault(String part, String detail) {}
