package org.kmodwatch.sensor;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a pinned sensor leaves, as it must be found again.
 *
 * @param folder of the set of pins
 * @param pins each pin of the set and what is behind it, in lines
 * @param positions how far it was read, by name: places in the rings, numbers of records by
 *     processor, and such; empty if nothing was read yet
 */
public record PinnedState(String folder, String pins, Map<String, List<Long>> positions) {

  /** Copies the map. */
  public PinnedState {
    var copy = new LinkedHashMap<String, List<Long>>();
    positions.forEach((name, values) -> copy.put(name, List.copyOf(values)));
    positions = Collections.unmodifiableMap(copy);
  }
}
