package org.kmodwatch.core.signature;

import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.Value;

/**
 * The result that a signature raises on an event.
 *
 * @param metadata the signature that raised the finding
 * @param event the whole event that caused it
 * @param data the signature's additional data; null without any
 */
public record Finding(SignatureMetadata metadata, Event event, @Nullable Value data) {}
