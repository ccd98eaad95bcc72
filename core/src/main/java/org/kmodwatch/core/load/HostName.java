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
 * Tells threads of one machine from those of others by the name of the host that their events have.
 * The name is that of the thread's UTS namespace. In one of its own, as containers have, and
 * anybody can make, it says nothing of the machine.
 */
public final class HostName {

  /** PROC_UTS_INIT_INO of include/linux/proc_ns.h. */
  private static final long INITIAL_NAMESPACE = 0xEFFFFFFEL;

  private static final int MAX_CHARACTERS = 255;

  private HostName() {}

  /** The name of the machine; null if the thread has another one, as far as is known. */
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
   * The name, to be kept: no machine has one of more than 64 bytes (__NEW_UTS_LEN), and no log of
   * more than 255 (RFC 1035). Of a longer one, its beginning and what tells it from others.
   */
  static String bounded(String name) {
    return name.length() <= MAX_CHARACTERS
        ? name
        : name.substring(0, MAX_CHARACTERS) + "…" + digest(name);
  }

  /** What tells a name from others: twelve hexadecimal digits. */
  static String digest(String name) {
    try {
      byte[] all =
          MessageDigest.getInstance("SHA-256").digest(name.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(all, 0, 6);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  /** Whether two threads may be of one machine. */
  static boolean mayBeSame(@Nullable String one, @Nullable String other) {
    return one == null || other == null || one.equals(other);
  }
}
