package org.kmodwatch.agent.status;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Holds the request line and the headers of HTTP/1.0 and 1.1 (RFC 9112).
 *
 * @param method the method, such as {@code GET}
 * @param path the path, without the query
 * @param host the Host header; null if it is missing, which HTTP/1.0 allows
 * @param accept the Accept header; null if it is missing
 */
record RequestHead(String method, String path, @Nullable String host, @Nullable String accept) {

  /** Limits a request, in bytes; one of Prometheus has some 500 bytes. */
  static final int MAX_BYTES = 8192;

  private static final Pattern LINE =
      Pattern.compile("([A-Z]{1,16}) (/[^\\s?#]*)(?:\\?[^\\s#]*)? HTTP/1\\.([01])");
  private static final Pattern HEADER =
      Pattern.compile("([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \\t]*(.*?)[ \\t]*");

  /** The request cannot be answered; the message is for the client. */
  static final class BadRequestException extends Exception {
    private static final long serialVersionUID = 1L;
    private final int status;

    BadRequestException(int status, String message) {
      super(message);
      this.status = status;
    }

    int status() {
      return status;
    }
  }

  /**
   * Reads a request.
   *
   * @throws BadRequestException if the request is malformed, or longer than {@link #MAX_BYTES}
   * @throws IOException if the client closed the connection
   */
  static RequestHead read(InputStream in) throws IOException, BadRequestException {
    List<String> lines = lines(in);
    Matcher line = LINE.matcher(lines.getFirst());
    if (!line.matches()) {
      throw new BadRequestException(400, "not a request of HTTP/1.1");
    }
    Map<String, String> headers = new HashMap<>();
    for (String text : lines.subList(1, lines.size())) {
      Matcher header = HEADER.matcher(text);
      if (!header.matches()) {
        throw new BadRequestException(400, "not a header");
      }
      String name = header.group(1).toLowerCase(Locale.ROOT);
      if (headers.put(name, header.group(2)) != null && name.equals("host")) {
        throw new BadRequestException(400, "more than one Host header");
      }
    }
    if (line.group(3).equals("1") && !headers.containsKey("host")) {
      throw new BadRequestException(400, "no Host header");
    }
    return new RequestHead(
        line.group(1), line.group(2), headers.get("host"), headers.get("accept"));
  }

  /** Reads the lines up to the first empty line. */
  private static List<String> lines(InputStream in) throws IOException, BadRequestException {
    var bytes = new byte[MAX_BYTES];
    int length = 0;
    while (true) {
      int end = end(bytes, length);
      if (end >= 0) {
        String text = new String(bytes, 0, end, StandardCharsets.ISO_8859_1);
        return List.of(text.stripTrailing().split("\r?\n", -1));
      }
      if (length == MAX_BYTES) {
        throw new BadRequestException(431, "more than " + MAX_BYTES + " bytes of headers");
      }
      int more = in.read(bytes, length, MAX_BYTES - length);
      if (more < 0) {
        throw new IOException("the client has gone");
      }
      length += more;
    }
  }

  /** Returns the position of the empty line after the headers; -1 if it was not received yet. */
  private static int end(byte[] bytes, int length) {
    for (int i = 1; i < length; i++) {
      if (bytes[i] == '\n'
          && (bytes[i - 1] == '\n' || (i > 1 && bytes[i - 1] == '\r' && bytes[i - 2] == '\n'))) {
        return i;
      }
    }
    return -1;
  }
}
