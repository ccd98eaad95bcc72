package org.kmodwatch.agent.status;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The address that the status server listens on.
 *
 * @param socket the address and port; with port 0 the system chooses a port
 */
public record ListenAddress(InetSocketAddress socket) {

  private static final Pattern FORM =
      Pattern.compile(
          "(?:(?:\\[(?<six>[0-9A-Fa-f:.]+)]|(?<four>[0-9]+(?:\\.[0-9]+){3})):)?(?<port>[0-9]{1,5})");

  /**
   * Parses {@code PORT}, {@code ADDRESS:PORT} or {@code [ADDRESS]:PORT}. The default address is
   * 127.0.0.1. Names are not resolved: a resolver must not decide whether the port is reachable
   * from outside.
   *
   * @throws IllegalArgumentException if the text has none of these forms; the message is for a
   *     person
   */
  public static ListenAddress parse(String text) {
    Matcher form = FORM.matcher(text);
    if (!form.matches() || Integer.parseInt(form.group("port")) > 65535) {
      throw notOne(text);
    }
    String address = form.group("six") == null ? form.group("four") : form.group("six");
    try {
      InetAddress host = InetAddress.ofLiteral(address == null ? "127.0.0.1" : address);
      return new ListenAddress(new InetSocketAddress(host, Integer.parseInt(form.group("port"))));
    } catch (IllegalArgumentException e) {
      throw notOne(text);
    }
  }

  private static IllegalArgumentException notOne(String text) {
    return new IllegalArgumentException(
        "a port or ADDRESS:PORT, such as 9464, 127.0.0.1:9464 or [::1]:9464: " + text);
  }

  /** Returns whether only this machine can reach the address. */
  public boolean isLoopback() {
    return socket.getAddress().isLoopbackAddress();
  }
}
