package org.kmodwatch.core.event;

import java.util.Optional;

/** The kind of place where the process of an event ran. */
public enum Origin {
  /** The process ran on the host. */
  HOST("host"),
  /** The process ran in a started container. */
  CONTAINER("container"),
  /**
   * The process ran in a container that was still being set up, so it is part of the runtime's
   * work.
   */
  CONTAINER_INIT("container-init");

  private final String wireName;

  Origin(String wireName) {
    this.wireName = wireName;
  }

  /** Returns the origin's name in selectors and in JSON. */
  public String wireName() {
    return wireName;
  }

  /** Returns the origin that {@code wireName} names; empty if it names no origin. */
  public static Optional<Origin> ofWireName(String wireName) {
    for (Origin origin : values()) {
      if (origin.wireName.equals(wireName)) {
        return Optional.of(origin);
      }
    }
    return Optional.empty();
  }
}
