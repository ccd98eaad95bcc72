package org.kmodwatch.agent.status;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where to listen.
 *
 * @param socket the address and port; port 0 lets the system choose one
 */
public record ListenAddress(InetSocketAddress socket) {

  private static final Pattern FORM =
      Pattern.compile(
          "(?:(?:\\[(?<six>[0-9A-Fa-f:.]+)]|(?<four>[0-9]+(?:\\.[0-9]+){3})):)?(?<port>[0-9]{1,5})");

  /**
   * Reads {@code PORT}, {@code ADDRESS:PORT} or {@code [ADDRESS]:PORT}. Without an address it is
   * 127.0.0.1. Names are not looked up: what is reachable from outside must not hang on a resolver.
   *
   * @throws IllegalArgumentException if it has none of these forms, with a message for a person
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

  /** Whether only this machine can reach it. */
  public boolean isLoopback() {
    return socket.getAddress().isLoopbackAddress();
  }
}
