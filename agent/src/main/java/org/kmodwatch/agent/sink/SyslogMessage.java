package org.kmodwatch.agent.sink;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Writes items as messages of RFC 5424: PRI, version, time, host, application, process, kind,
 * structured data, and the item's line. A local socket gets the form of syslog(3).
 *
 * <p>The structured data is {@code [kmodwatch@32473 id="…" kind="…" severity="…"]}. 32473 is the
 * enterprise number that RFC 5612 reserves for examples.
 */
final class SyslogMessage {

  /** Formats the time of RFC 5424, section 6.2.3: at most six digits of a fraction. */
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSS'Z'", Locale.ROOT)
          .withZone(ZoneOffset.UTC);

  /** Formats the time of the local form: no year, no zone, and the day padded with a space. */
  private static final DateTimeFormatter LOCAL_TIME =
      DateTimeFormatter.ofPattern("MMM ppd HH:mm:ss", Locale.ENGLISH);

  /** Maps our severities 0 to 3 to those of syslog: informational, notice, warning, critical. */
  private static final int[] SEVERITIES = {6, 5, 4, 2};

  private static final int MAX_HOST = 255;
  private static final int MAX_APP_NAME = 48;

  /** Marks a text in UTF-8 (RFC 5424, section 6.4). */
  private static final byte[] BOM = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};

  private final int facility;
  private final String host;
  private final String appName;
  private final long processId;

  SyslogMessage(int facility, @Nullable String host, String appName, long processId) {
    this.facility = facility;
    this.host = name(host == null ? "" : host, MAX_HOST);
    this.appName = name(appName, MAX_APP_NAME);
    this.processId = processId;
  }

  /**
   * Returns the message for a local socket: {@code <PRI>Mmm dd hh:mm:ss TAG[PID]: } and the item's
   * line. The C library's syslog(3) sends this form; journald and rsyslog's imuxsock read no other
   * there.
   */
  byte[] local(Item item) {
    String head =
        "<%d>%s %s[%d]: "
            .formatted(
                priority(item),
                LOCAL_TIME.format(
                    Instant.ofEpochSecond(0, item.timeNanos()).atZone(ZoneId.systemDefault())),
                appName,
                processId);
    var message = new ByteArrayOutputStream(head.length() + item.body().length);
    message.writeBytes(head.getBytes(StandardCharsets.US_ASCII));
    message.writeBytes(item.body());
    return message.toByteArray();
  }

  private int priority(Item item) {
    return facility * 8 + SEVERITIES[Math.clamp(item.severity(), 0, SEVERITIES.length - 1)];
  }

  /** Returns the message for a server. */
  byte[] of(Item item) {
    String head =
        "<%d>1 %s %s %s %d %s [kmodwatch@32473 id=\"%s\" kind=\"%s\" severity=\"%d\"] "
            .formatted(
                priority(item),
                TIME.format(Instant.ofEpochSecond(0, item.timeNanos())),
                host,
                appName,
                processId,
                item.kind().word(),
                value(item.id()),
                item.kind().word(),
                item.severity());
    var message = new ByteArrayOutputStream(head.length() + item.body().length + BOM.length);
    message.writeBytes(head.getBytes(StandardCharsets.UTF_8));
    if (!isAscii(item.body())) {
      message.writeBytes(BOM);
    }
    message.writeBytes(item.body());
    return message.toByteArray();
  }

  private static boolean isAscii(byte[] text) {
    for (byte b : text) {
      if (b < 0) {
        return false;
      }
    }
    return true;
  }

  /** Returns PRINTUSASCII without spaces; a hyphen for an empty text. */
  private static String name(String text, int most) {
    String plain = text.replaceAll("[^!-~]", "?");
    if (plain.isEmpty()) {
      return "-";
    }
    return plain.length() > most ? plain.substring(0, most) : plain;
  }

  /** Escapes the three special characters of a value (RFC 5424, section 6.3.3). */
  private static String value(String text) {
    return text.replace("\\", "\\\\").replace("\"", "\\\"").replace("]", "\\]");
  }
}
