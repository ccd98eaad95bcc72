package org.kmodwatch.core.event;

/**
 * One argument of an event.
 *
 * @param name what it is; the only part to tell arguments apart by
 * @param type the producer's word for the type: C names and Go names both occur in the wild, so
 *     nothing depends on it
 * @param value the value; {@link Value#NULL} where the producer wrote null
 */
public record Argument(String name, String type, Value value) {}
