package org.kmodwatch.core.event;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The fields of a {@link SensorContext} in JSON that know the context itself: made from either, the
 * other is made when somebody asks. So what the sensor decoded is not written into fields and read
 * out of them again on its way to the load tracker, and what was read from a recording is read
 * once.
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

  /** Whether they were read, and keep what was. */
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
