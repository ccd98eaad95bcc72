package org.kmodwatch.agent.sink;

import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A syslog server that receives messages as RFC 5424 defines them, or a local syslog socket.
 *
 * @param address the address of the server
 * @param framing the framing of messages in a stream
 * @param facility the number of the facility, 0 to 23
 * @param appName the APP-NAME of messages
 * @param tls the trusted and our own certificates
 */
public record SyslogTarget(
    Address address, Framing framing, int facility, String appName, TlsFiles tls)
    implements Target {

  /**
   * Lists the names of facilities, at the index of their numbers (RFC 5424, table 1; syslog(3)).
   */
  public static final List<String> FACILITIES =
      List.of(
          "kern",
          "user",
          "mail",
          "daemon",
          "auth",
          "syslog",
          "lpr",
          "news",
          "uucp",
          "cron",
          "authpriv",
          "ftp",
          "ntp",
          "audit",
          "alert",
          "clock",
          "local0",
          "local1",
          "local2",
          "local3",
          "local4",
          "local5",
          "local6",
          "local7");

  /** Lists the supported forms of an address. */
  public static final String ADDRESS_FORMS =
      "tls://HOST[:PORT], tcp://HOST[:PORT], udp://HOST[:PORT] or unix:///dev/log";

  /** A transport carries messages to a server. */
  public enum Way {
    /**
     * Datagrams (RFC 5426) have no acknowledgement. A message that is too large is refused here.
     */
    UDP(514),
    /** TCP carries a stream (RFC 6587). */
    TCP(514),
    /** TLS carries a stream (RFC 5425). */
    TLS(6514),
    /** A socket of this machine carries a stream or datagrams. */
    UNIX(0);

    private final int port;

    Way(int port) {
      this.port = port;
    }
  }

  /** The framing separates messages in a stream (RFC 6587). */
  public enum Framing {
    /** Each message follows its length. */
    OCTET_COUNTING,
    /** A newline ends each message; a newline within it becomes a space. */
    NEWLINE
  }

  /**
   * An address says how to reach a server.
   *
   * @param way the transport
   * @param host the host name; null for a local socket
   * @param port the port; 0 for a local socket
   * @param socket the local socket; null for a server
   */
  public record Address(Way way, @Nullable String host, int port, @Nullable Path socket) {

    /** Parses an address; empty if {@code text} has none of the {@link #ADDRESS_FORMS}. */
    public static Optional<Address> parse(String text) {
      URI uri;
      try {
        uri = new URI(text);
      } catch (URISyntaxException e) {
        return Optional.empty();
      }
      String scheme = uri.getScheme() == null ? "" : uri.getScheme();
      if (scheme.equals("unix")) {
        String path = uri.getPath();
        return path != null && path.startsWith("/") && uri.getHost() == null
            ? Optional.of(new Address(Way.UNIX, null, 0, Path.of(path)))
            : Optional.empty();
      }
      Way way =
          switch (scheme) {
            case "udp" -> Way.UDP;
            case "tcp" -> Way.TCP;
            case "tls" -> Way.TLS;
            default -> null;
          };
      boolean more = uri.getPath() != null && !uri.getPath().isEmpty();
      if (way == null || uri.getHost() == null || more || uri.getUserInfo() != null) {
        return Optional.empty();
      }
      int port = uri.getPort() < 0 ? way.port : uri.getPort();
      return Optional.of(new Address(way, uri.getHost(), port, null));
    }
  }

  @Override
  public String shown() {
    return address.socket() != null
        ? "unix://" + address.socket()
        : "%s://%s:%d"
            .formatted(
                address.way().name().toLowerCase(Locale.ROOT), address.host(), address.port());
  }
}
