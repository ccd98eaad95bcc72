package org.kmodwatch.core.load;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.SensorContext;
import org.kmodwatch.core.event.SensorContexts;

/**
 * Distinguishes threads of different machines by the host name in their events. That name is from
 * the thread's UTS namespace. In a separate namespace, as in containers, any user can set it, so it
 * does not identify the machine.
 */
public final class HostName {

  /**
   * The inode number that the initial UTS namespace has: PROC_UTS_INIT_INO of
   * include/linux/proc_ns.h.
   */
  private static final long INITIAL_NAMESPACE = 0xEFFFFFFEL;

  private static final int MAX_CHARACTERS = 255;

  private HostName() {}

  /**
   * Returns the name of the machine; null if the thread is known to be in another UTS namespace.
   */
  public static @Nullable String of(Event event) {
    boolean own =
        SensorContexts.of(event)
            .map(SensorContext::task)
            .map(task -> task.namespaces().get("uts"))
            .filter(namespace -> namespace != INITIAL_NAMESPACE)
            .isPresent();
    return own ? null : bounded(event.hostName());
  }

  /**
   * Returns the name, limited in length so that it can be kept. A machine's name has at most 64
   * bytes (__NEW_UTS_LEN), a log's at most 255 (RFC 1035). A longer name becomes its beginning and
   * its {@link #digest}.
   */
  static String bounded(String name) {
    return name.length() <= MAX_CHARACTERS
        ? name
        : name.substring(0, MAX_CHARACTERS) + "…" + digest(name);
  }

  /** Returns twelve hexadecimal digits that distinguish a name from others. */
  static String digest(String name) {
    try {
      byte[] all =
          MessageDigest.getInstance("SHA-256").digest(name.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(all, 0, 6);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  /** Returns whether two threads may be on the same machine. */
  static boolean mayBeSame(@Nullable String one, @Nullable String other) {
    return one == null || other == null || one.equals(other);
  }
}
