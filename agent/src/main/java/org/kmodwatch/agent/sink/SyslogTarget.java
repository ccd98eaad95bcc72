package org.kmodwatch.agent.sink;

import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A syslog server, which gets messages as RFC 5424 says.
 *
 * @param address where it is
 * @param framing how messages are told apart in a stream
 * @param facility 0 to 23
 * @param appName APP-NAME
 * @param tls what TLS trusts and shows
 */
public record SyslogTarget(
    Address address, Framing framing, int facility, String appName, TlsFiles tls)
    implements Target {

  /** The names of facilities, at the index of their numbers (RFC 5424, table 1; syslog(3)). */
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

  /** The forms that an address has. */
  public static final String ADDRESS_FORMS =
      "tls://HOST[:PORT], tcp://HOST[:PORT], udp://HOST[:PORT] or unix:///dev/log";

  /** How a server is reached. */
  public enum Way {
    /** Datagrams (RFC 5426): without acknowledgement, and what is too large is refused here. */
    UDP(514),
    /** A stream (RFC 6587). */
    TCP(514),
    /** A stream in TLS (RFC 5425). */
    TLS(6514),
    /** A socket of this machine, stream or datagram. */
    UNIX(0);

    private final int port;

    Way(int port) {
      this.port = port;
    }
  }

  /** How messages are told apart in a stream (RFC 6587). */
  public enum Framing {
    /** Each with its length before it. */
    OCTET_COUNTING,
    /** Each with a newline after it; one within it is a space. */
    NEWLINE
  }

  /**
   * A server's address.
   *
   * @param way how it is reached
   * @param host its name; null for a local socket
   * @param port its port; 0 for a local socket
   * @param socket the local socket; null where there is a host
   */
  public record Address(Way way, @Nullable String host, int port, @Nullable Path socket) {

    /** The address that {@code text} says; empty if it is none ({@link #ADDRESS_FORMS}). */
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
