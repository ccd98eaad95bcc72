package org.kmodwatch.core.signature;

import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.Value;

/**
 * A signature's verdict on an event.
 *
 * @param metadata the signature that raised it
 * @param event the whole event that set it off
 * @param data what the signature adds; null for nothing
 */
public record Finding(SignatureMetadata metadata, Event event, @Nullable Value data) {}
