package org.kmodwatch.core.signature;

import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.Origin;

/**
 * Which events a signature wants. Each part is an exact word or {@value #ANY}.
 *
 * @param source the vocabulary, for example {@link Event#SOURCE_TRACEE}
 * @param name the event's name
 * @param origin {@code host}, {@code container} or {@code container-init}
 */
public record EventSelector(String source, String name, String origin) {

  /** Matches everything. */
  public static final String ANY = "*";

  /** Refuses empty parts, which would match nothing, and an origin that does not exist. */
  public EventSelector {
    if (source.isEmpty() || name.isEmpty() || origin.isEmpty()) {
      throw new IllegalArgumentException(
          "a selector's part is empty, use \"*\" for any: source=%s name=%s origin=%s"
              .formatted(source, name, origin));
    }
    if (!origin.equals(ANY) && Origin.ofWireName(origin).isEmpty()) {
      throw new IllegalArgumentException(
          "no such origin, expected host, container, container-init or *: origin=" + origin);
    }
  }

  /** Selects {@code name} from {@code source}, of any origin. */
  public static EventSelector of(String source, String name) {
    return new EventSelector(source, name, ANY);
  }

  /** Whether {@code event} is one of those selected. */
  public boolean matches(Event event) {
    return (name.equals(ANY) || name.equals(event.eventName()))
        && (source.equals(ANY) || source.equals(event.source()))
        && (origin.equals(ANY) || origin.equals(event.origin().wireName()));
  }
}
