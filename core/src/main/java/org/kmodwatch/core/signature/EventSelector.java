package org.kmodwatch.core.signature;

import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.Origin;

/**
 * Selects the events that a signature receives. Each part is an exact word or {@value #ANY}.
 *
 * @param source the vocabulary, for example {@link Event#SOURCE_TRACEE}
 * @param name the event's name
 * @param origin {@code host}, {@code container} or {@code container-init}
 */
public record EventSelector(String source, String name, String origin) {

  /** The word that matches everything. */
  public static final String ANY = "*";

  /**
   * Throws {@link IllegalArgumentException} for an empty part, which would match nothing, and for
   * an unknown origin.
   */
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

  /** Returns whether this selector selects {@code event}. */
  public boolean matches(Event event) {
    return (name.equals(ANY) || name.equals(event.eventName()))
        && (source.equals(ANY) || source.equals(event.source()))
        && (origin.equals(ANY) || origin.equals(event.origin().wireName()));
  }
}
