package org.kmodwatch.core.event;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The JSON fields of a {@link SensorContext}, which also keep the context itself. Made from either,
 * this class makes the other on demand. A context from the sensor therefore reaches the load
 * tracker without a conversion to fields and back. A context from a recording is read once.
 */
final class ContextFields extends LazyFields {

  private final @Nullable Map<String, Value> given;
  private volatile @Nullable SensorContext context;

  private ContextFields(@Nullable Map<String, Value> given, @Nullable SensorContext context) {
    this.given = given;
    this.context = context;
  }

  static ContextFields of(SensorContext context) {
    return new ContextFields(null, context);
  }

  static ContextFields of(Map<String, Value> fields) {
    return fields instanceof ContextFields known ? known : new ContextFields(fields, null);
  }

  /** Returns whether the fields were read from JSON, and therefore stay in memory. */
  boolean wasRead() {
    return given != null;
  }

  SensorContext context() {
    SensorContext known = context;
    if (known == null) {
      known = SensorContexts.read(this);
      context = known;
    }
    return known;
  }

  @Override
  protected Map<String, Value> make() {
    SensorContext source = context;
    if (given != null) {
      return given;
    }
    if (source == null) {
      throw new IllegalStateException("made of nothing");
    }
    return SensorContexts.write(source);
  }
}
