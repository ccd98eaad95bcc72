package org.kmodwatch.agent.status;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/**
 * An answer to a client. After it the connection is closed.
 *
 * @param status the status code of RFC 9110
 * @param type the content type of the body
 * @param body the body, which a HEAD request does not get
 */
@SuppressWarnings("ArrayRecordComponent") // Never compared; never modified, so not copied.
record StatusResponse(int status, String type, byte[] body) {

  private static final DateTimeFormatter DATE =
      DateTimeFormatter.ofPattern("EEE, dd MMM uuuu HH:mm:ss 'GMT'", Locale.US)
          .withZone(ZoneOffset.UTC);

  static StatusResponse text(int status, String line) {
    return new StatusResponse(
        status, "text/plain; charset=utf-8", (line + "\n").getBytes(StandardCharsets.UTF_8));
  }

  /** Returns the answer as the bytes of an HTTP response. */
  byte[] bytes(Instant now, boolean withBody) {
    String head =
        "HTTP/1.1 %d %s\r\nDate: %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n"
                .formatted(status, words(), DATE.format(now), type, body.length)
            + (status == 405 ? "Allow: GET, HEAD\r\n" : "")
            + "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n"
            + "\r\n";
    byte[] headBytes = head.getBytes(StandardCharsets.ISO_8859_1);
    var all = new byte[headBytes.length + (withBody ? body.length : 0)];
    System.arraycopy(headBytes, 0, all, 0, headBytes.length);
    System.arraycopy(body, 0, all, headBytes.length, all.length - headBytes.length);
    return all;
  }

  private String words() {
    return switch (status) {
      case 200 -> "OK";
      case 404 -> "Not Found";
      case 405 -> "Method Not Allowed";
      case 421 -> "Misdirected Request";
      case 431 -> "Request Header Fields Too Large";
      case 500 -> "Internal Server Error";
      case 503 -> "Service Unavailable";
      default -> "Bad Request";
    };
  }
}
