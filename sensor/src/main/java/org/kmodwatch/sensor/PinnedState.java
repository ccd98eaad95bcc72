package org.kmodwatch.sensor;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The state that a pinned sensor leaves, and that the next one must find again.
 *
 * @param folder the folder of the set of pins
 * @param pins each pin of the set and its object, in lines
 * @param positions how far it was read, by name: places in the rings and numbers of records by
 *     processor; empty if no record was read yet
 */
public record PinnedState(String folder, String pins, Map<String, List<Long>> positions) {

  /** Copies the map. */
  public PinnedState {
    var copy = new LinkedHashMap<String, List<Long>>();
    positions.forEach((name, values) -> copy.put(name, List.copyOf(values)));
    positions = Collections.unmodifiableMap(copy);
  }
}
