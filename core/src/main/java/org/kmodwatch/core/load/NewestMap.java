package org.kmodwatch.core.load;

import java.util.LinkedHashMap;
import java.util.Map;

/** A map that removes the entry added first when it has too many. */
final class NewestMap<K, V> extends LinkedHashMap<K, V> {

  private static final long serialVersionUID = 1;

  private final int maxEntries;

  NewestMap(int maxEntries) {
    this.maxEntries = maxEntries;
  }

  @Override
  protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
    return size() > maxEntries;
  }
}
