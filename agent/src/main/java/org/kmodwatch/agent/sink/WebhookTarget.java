package org.kmodwatch.agent.sink;

import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A URL that receives items by POST, with its credentials. The path and the query may hold a
 * secret, as the token does, so none of them is ever shown.
 *
 * @param uri the URL: https, or http to this machine only
 * @param token the bearer token; null for none
 * @param headers more headers, by name
 * @param secretHeaders more headers that are never shown, by name
 * @param tls the trusted and our own certificates
 * @param hmac the key of the signature over each request; null for none (docs/reference/sinks.md)
 * @param maxItems the largest number of items in a request; with 1 the body is the item itself
 * @param lines whether the body has one item per line; otherwise it is a JSON array
 */
public record WebhookTarget(
    URI uri,
    @Nullable Secret token,
    Map<String, String> headers,
    Map<String, Secret> secretHeaders,
    TlsFiles tls,
    @Nullable Secret hmac,
    int maxItems,
    boolean lines)
    implements Target {

  /** Limits the items in a request by default. */
  public static final int DEFAULT_MAX_ITEMS = 100;

  /** Copies the maps. */
  public WebhookTarget {
    headers = Collections.unmodifiableMap(new LinkedHashMap<>(headers));
    secretHeaders = Collections.unmodifiableMap(new LinkedHashMap<>(secretHeaders));
  }

  /**
   * Returns a target with defaults for everything but the URL and the token.
   *
   * @param what the name of the URL in messages, such as {@code --webhook}
   * @param url the URL: https, or http to this machine only
   * @param token the bearer token; null for none
   * @throws SinkException if the URL is not allowed
   */
  public static WebhookTarget of(String what, String url, @Nullable Secret token) {
    return new WebhookTarget(
        uri(what, url, what + "-token-file"),
        token,
        Map.of(),
        Map.of(),
        TlsFiles.NONE,
        null,
        DEFAULT_MAX_ITEMS,
        false);
  }

  /**
   * Checks a URL.
   *
   * @param what the name of the URL in messages, such as {@code --webhook}
   * @param remedy the option that a password belongs in
   * @throws SinkException if it is not https, nor http to this machine, or contains a password
   */
  public static URI uri(String what, String url, String remedy) {
    URI uri;
    try {
      uri = new URI(url);
    } catch (URISyntaxException e) {
      // The exception's own message contains the whole text.
      throw new SinkException(what + ": not a URL");
    }
    String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
    if (uri.getHost() == null || !(scheme.equals("https") || scheme.equals("http"))) {
      throw new SinkException(what + ": not an https URL with a host");
    }
    if (uri.getRawUserInfo() != null) {
      throw new SinkException(
          what + ": a user or password in the URL is for everybody to read; remedy: " + remedy);
    }
    if (scheme.equals("http") && !isLoopback(uri.getHost())) {
      throw new SinkException(
          "%s: plain http is for this machine only; remedy: https, url=%s"
              .formatted(what, shown(uri)));
    }
    return uri;
  }

  /**
   * Requires that every configured secret can be read.
   *
   * @throws SinkException if one cannot be read, others can read it, or it has the wrong form
   */
  void requireSecrets() {
    if (token != null) {
      token.requireWord();
    }
    if (hmac != null) {
      hmac.require();
    }
    secretHeaders.values().forEach(Secret::require);
  }

  private static boolean isLoopback(String host) {
    if (host.equals("localhost")) {
      return true;
    }
    try {
      // Only a literal address counts: no name server may decide what this machine is.
      return InetAddress.ofLiteral(host).isLoopbackAddress();
    } catch (IllegalArgumentException name) {
      return false;
    }
  }

  /** Returns scheme, host and port: a path and a query may be secret. */
  static String shown(URI uri) {
    return uri.getScheme() + "://" + uri.getHost() + (uri.getPort() < 0 ? "" : ":" + uri.getPort());
  }

  /** Returns scheme, host and port. */
  @Override
  public String shown() {
    return shown(uri);
  }

  /** Returns scheme, host and port. */
  @Override
  public String toString() {
    return shown();
  }
}
