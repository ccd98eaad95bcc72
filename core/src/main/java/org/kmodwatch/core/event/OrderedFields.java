package org.kmodwatch.core.event;

import java.util.AbstractMap;
import java.util.Collections;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * An immutable map that keeps the order of an object's fields. Its separate type shows that the
 * fields need no copy.
 */
final class OrderedFields extends AbstractMap<String, Value> {

  private final Map<String, Value> fields;

  /** Takes ownership of {@code fields}: no other code may keep a reference to them. */
  OrderedFields(Map<String, Value> fields) {
    this.fields = Collections.unmodifiableMap(fields);
  }

  @Override
  public int size() {
    return fields.size();
  }

  @Override
  public boolean containsKey(@Nullable Object key) {
    return fields.containsKey(key);
  }

  @Override
  public @Nullable Value get(@Nullable Object key) {
    return fields.get(key);
  }

  @Override
  public Set<Entry<String, Value>> entrySet() {
    return fields.entrySet();
  }
}
