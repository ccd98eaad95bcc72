package org.kmodwatch.agent.status;

import java.net.InetAddress;
import java.util.Collection;
import java.util.HashSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Checks the name in a client's Host header. An attacker's web page can make its own name resolve
 * to this machine (DNS rebinding), and then read the answers. Its requests still carry the
 * attacker's name in their Host header. An address cannot be redirected so.
 */
final class HostNames {

  private static final Pattern HOST =
      Pattern.compile("(?:\\[(?<six>[0-9A-Fa-f:.]+)]|(?<name>[^:/@\\s\\[\\]]+))(?::[0-9]{1,5})?");

  private final InetAddress listen;
  private final Set<String> names = new HashSet<>();

  /**
   * Creates a check.
   *
   * @param listen the address that the server listens on
   * @param names more names and addresses, as the operator configured them
   */
  HostNames(InetAddress listen, Collection<String> names) {
    this.listen = listen;
    names.forEach(name -> this.names.add(plain(name)));
  }

  /**
   * Returns whether a request may be answered.
   *
   * @param header the Host header; null is allowed, since every browser sends one
   */
  boolean allow(@Nullable String header) {
    if (header == null) {
      return true;
    }
    Matcher host = HOST.matcher(header);
    if (!host.matches()) {
      return false;
    }
    String name = plain(host.group("six") == null ? host.group("name") : host.group("six"));
    if (names.contains(name) || name.equals("localhost") || name.endsWith(".localhost")) {
      return true;
    }
    return address(name)
        .filter(
            address ->
                address.isLoopbackAddress() || address.equals(listen) || listen.isAnyLocalAddress())
        .isPresent();
  }

  private static Optional<InetAddress> address(String name) {
    try {
      return Optional.of(InetAddress.ofLiteral(name));
    } catch (IllegalArgumentException aName) {
      return Optional.empty();
    }
  }

  private static String plain(String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    return lower.endsWith(".") ? lower.substring(0, lower.length() - 1) : lower;
  }
}
