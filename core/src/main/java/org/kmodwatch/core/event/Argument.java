package org.kmodwatch.core.event;

/**
 * Describes one argument of an event.
 *
 * @param name the argument's name; the only part that distinguishes arguments
 * @param type the producer's name for the type. Producers use C names and Go names, so no code
 *     depends on it
 * @param value the value; {@link Value#NULL} where the producer wrote null
 */
public record Argument(String name, String type, Value value) {}
