package org.kmodwatch.core.event;

import java.util.Optional;

/** Where the process of an event ran. */
public enum Origin {
  /** On the host itself. */
  HOST("host"),
  /** In a container that had started. */
  CONTAINER("container"),
  /** In a container that was still being set up: the runtime's own work. */
  CONTAINER_INIT("container-init");

  private final String wireName;

  Origin(String wireName) {
    this.wireName = wireName;
  }

  /** The word for it in selectors and in JSON. */
  public String wireName() {
    return wireName;
  }

  /** The origin that {@code wireName} names, if it names one. */
  public static Optional<Origin> ofWireName(String wireName) {
    for (Origin origin : values()) {
      if (origin.wireName.equals(wireName)) {
        return Optional.of(origin);
      }
    }
    return Optional.empty();
  }
}
