package org.kmodwatch.core.event;

import java.util.AbstractMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The fields of a {@link SensorContext} in JSON that know the context itself: made from either, the
 * other is made when somebody asks. So what the sensor decoded is not written into fields and read
 * out of them again on its way to the load tracker, and what was read from a recording is read
 * once. Immutable to whoever looks.
 */
final class ContextFields extends AbstractMap<String, Value> {

  private volatile @Nullable Map<String, Value> fields;
  private volatile @Nullable SensorContext context;

  private ContextFields(@Nullable Map<String, Value> fields, @Nullable SensorContext context) {
    this.fields = fields;
    this.context = context;
  }

  static ContextFields of(SensorContext context) {
    return new ContextFields(null, context);
  }

  static ContextFields of(Map<String, Value> fields) {
    return fields instanceof ContextFields known ? known : new ContextFields(fields, null);
  }

  SensorContext context() {
    SensorContext known = context;
    if (known == null) {
      known = SensorContexts.read(fields());
      context = known;
    }
    return known;
  }

  @Override
  public @Nullable Value get(@Nullable Object key) {
    return fields().get(key);
  }

  @Override
  public boolean containsKey(@Nullable Object key) {
    return fields().containsKey(key);
  }

  @Override
  public Set<Entry<String, Value>> entrySet() {
    return fields().entrySet();
  }

  private Map<String, Value> fields() {
    Map<String, Value> known = fields;
    if (known == null) {
      SensorContext source = context;
      if (source == null) {
        throw new IllegalStateException("made of nothing");
      }
      known = Value.orderedCopy(SensorContexts.write(source));
      fields = known;
    }
    return known;
  }
}
