package org.kmodwatch.sensor;

/**
 * A part of the sensor that does not see what it should.
 *
 * @param part which: {@code calls}, {@code lane attempts}, {@code lane loads}, {@code images},
 *     {@code ftrace}, {@code hook TARGET}, {@code pins}, {@code counters}, {@code control}, {@code
 *     rings}, {@code work space}; the agent has {@code state} besides
 * @param detail what was found, for a person
 */
public record SensorFault(String part, String detail) {}
