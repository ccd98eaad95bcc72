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
 * Which names a client may know this listener by. A web page of a stranger can have its own name
 * lead to this machine (DNS rebinding), and then read what it asks for; its requests still carry
 * the stranger's name in their Host header. An address cannot be made to lead elsewhere.
 */
final class HostNames {

  private static final Pattern HOST =
      Pattern.compile("(?:\\[(?<six>[0-9A-Fa-f:.]+)]|(?<name>[^:/@\\s\\[\\]]+))(?::[0-9]{1,5})?");

  private final InetAddress listen;
  private final Set<String> names = new HashSet<>();

  /**
   * Makes one.
   *
   * @param listen the address that is listened on
   * @param names more names and addresses, as the operator gives them
   */
  HostNames(InetAddress listen, Collection<String> names) {
    this.listen = listen;
    names.forEach(name -> this.names.add(plain(name)));
  }

  /**
   * Whether a request may be answered.
   *
   * @param header the Host header; null, which only programs send that are no browsers, may
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
