package org.kmodwatch.core.event;

import java.util.AbstractMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The fields of a JSON object, which are made on first access. Most code reads the source object
 * and never needs the fields. Immutable to its users.
 */
public abstract class LazyFields extends AbstractMap<String, Value> {

  private volatile @Nullable Map<String, Value> fields;

  /** Creates fields that are not made yet. */
  protected LazyFields() {}

  /** Makes the fields, in their order. Every call returns the same fields. */
  protected abstract Map<String, Value> make();

  @Override
  public final @Nullable Value get(@Nullable Object key) {
    return fields().get(key);
  }

  @Override
  public final boolean containsKey(@Nullable Object key) {
    return fields().containsKey(key);
  }

  @Override
  public final Set<Entry<String, Value>> entrySet() {
    return fields().entrySet();
  }

  private Map<String, Value> fields() {
    Map<String, Value> known = fields;
    if (known == null) {
      known = Value.orderedCopy(make());
      fields = known;
    }
    return known;
  }
}
