package org.kmodwatch.agent.identity;

import java.util.LinkedHashMap;
import java.util.Map;

/** A map that keeps the most recently used entries, up to a limit. */
public final class RecentMap<K, V> extends LinkedHashMap<K, V> {

  private static final long serialVersionUID = 1;

  private final int maxEntries;

  /** Creates an empty map for {@code maxEntries} entries. */
  public RecentMap(int maxEntries) {
    super(16, 0.75f, true);
    this.maxEntries = maxEntries;
  }

  @Override
  protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
    return size() > maxEntries;
  }
}
