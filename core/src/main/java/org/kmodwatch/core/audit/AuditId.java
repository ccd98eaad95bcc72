package org.kmodwatch.core.audit;

/**
 * The identity that all records of one audit event share.
 *
 * @param node name of the machine that wrote the record; empty if the log has no name
 * @param timeNanos when the event began, in nanoseconds since the epoch, with the log's precision
 *     of milliseconds. For a system call this is the time of its entry
 * @param serial the event's serial number, unsigned 64-bit. It restarts at each boot
 */
public record AuditId(String node, long timeNanos, long serial) {

  private static final long NANOS_A_MILLI = 1_000_000;

  /** The number of digits that a time in seconds may have, so that its nanoseconds fit a long. */
  private static final int MAX_SECOND_DIGITS = 10;

  private static final int MAX_MILLI_DIGITS = 3;
  private static final int MAX_SERIAL_DIGITS = 19;

  /**
   * Reads {@code SECONDS.MILLIS:SERIAL}.
   *
   * @throws AuditException if the text has another form
   */
  public static AuditId parse(String node, String text) {
    int dot = text.indexOf('.');
    int colon = text.indexOf(':', dot + 1);
    if (dot < 0 || colon < 0) {
      throw wrong(text);
    }
    long seconds = number(text, 0, dot, MAX_SECOND_DIGITS);
    long millis = number(text, dot + 1, colon, MAX_MILLI_DIGITS);
    long serial = number(text, colon + 1, text.length(), MAX_SERIAL_DIGITS);
    // A number of 10 digits may still be too large: its nanoseconds must fit a long.
    if (seconds > Long.MAX_VALUE / (1000 * NANOS_A_MILLI) - 1) {
      throw wrong(text);
    }
    return new AuditId(node, (seconds * 1000 + millis) * NANOS_A_MILLI, serial);
  }

  private static long number(String text, int from, int to, int maxDigits) {
    if (from == to || to - from > maxDigits) {
      throw wrong(text);
    }
    long number = 0;
    for (int i = from; i < to; i++) {
      char c = text.charAt(i);
      if (c < '0' || c > '9') {
        throw wrong(text);
      }
      number = 10 * number + (c - '0');
    }
    if (number < 0) {
      throw wrong(text);
    }
    return number;
  }

  private static AuditException wrong(String text) {
    return new AuditException(
        "an audit record without its time and serial number: found \"%s\"; remedy: ausearch --raw"
                .formatted(AuditException.shown(text))
            + " writes them as they are");
  }
}
