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
 * A URL that is sent to by POST, and as whom. The path and the query may hold a secret, as the
 * token does, so none of them is ever shown.
 *
 * @param uri https; http to this machine only
 * @param token sent as a bearer token; null for none
 * @param headers more headers, by name
 * @param secretHeaders more headers that are never shown, by name
 * @param tls what is trusted, and shown
 * @param hmac key of the signature over each request; null for none (docs/reference/sinks.md)
 * @param maxItems how many items a request may have; with 1 the body is the item itself
 * @param lines whether the body has one item a line; otherwise it is a JSON array
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

  /** How many items a request has if nobody says otherwise. */
  public static final int DEFAULT_MAX_ITEMS = 100;

  /** Copies the maps. */
  public WebhookTarget {
    headers = Collections.unmodifiableMap(new LinkedHashMap<>(headers));
    secretHeaders = Collections.unmodifiableMap(new LinkedHashMap<>(secretHeaders));
  }

  /**
   * What a URL by itself says.
   *
   * @param what names it in messages, such as {@code --webhook}
   * @param url https; http to this machine only
   * @param token null for none
   * @throws SinkException if the URL does not do
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
   * @param what names it in messages, such as {@code --webhook}
   * @param remedy where a password belongs instead
   * @throws SinkException if it is not https, nor http to this machine, or has a password in it
   */
  public static URI uri(String what, String url, String remedy) {
    URI uri;
    try {
      uri = new URI(url);
    } catch (URISyntaxException e) {
      // Its own message has the whole text.
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
   * Makes sure that there are the secrets that there are to be.
   *
   * @throws SinkException if one cannot be read, others can read it, or it is none
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
      // A literal: no name server is to say what this machine is.
      return InetAddress.ofLiteral(host).isLoopbackAddress();
    } catch (IllegalArgumentException name) {
      return false;
    }
  }

  /** Scheme, host and port: a path and a query may be secret. */
  static String shown(URI uri) {
    return uri.getScheme() + "://" + uri.getHost() + (uri.getPort() < 0 ? "" : ":" + uri.getPort());
  }

  /** Scheme, host and port. */
  @Override
  public String shown() {
    return shown(uri);
  }

  /** Scheme, host and port. */
  @Override
  public String toString() {
    return shown();
  }
}
