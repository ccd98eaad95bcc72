package org.kmodwatch.agent.sink;

import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Where to send, and as whom. The path and the query may hold a secret, as the token does, so none
 * of them is ever shown.
 */
public final class Webhook {

  private static final int MAX_TOKEN_BYTES = 16 << 10;
  private static final Pattern TOKEN = Pattern.compile("[!-~]+");
  private static final Set<PosixFilePermission> OTHERS =
      EnumSet.of(
          PosixFilePermission.GROUP_READ,
          PosixFilePermission.GROUP_WRITE,
          PosixFilePermission.OTHERS_READ,
          PosixFilePermission.OTHERS_WRITE);

  private final URI uri;
  private final @Nullable Path tokenFile;

  private Webhook(URI uri, @Nullable Path tokenFile) {
    this.uri = uri;
    this.tokenFile = tokenFile;
  }

  /**
   * Checks the URL.
   *
   * @param url https; http to this machine only
   * @param tokenFile holds the token, for nobody but its owner to read; null for none
   * @throws SinkException if the URL does not do
   */
  public static Webhook of(String url, @Nullable Path tokenFile) {
    URI uri;
    try {
      uri = new URI(url);
    } catch (URISyntaxException e) {
      // Its own message has the whole text.
      throw new SinkException("--webhook: not a URL");
    }
    String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
    if (uri.getHost() == null || !(scheme.equals("https") || scheme.equals("http"))) {
      throw new SinkException("--webhook: not an https URL with a host");
    }
    var webhook = new Webhook(uri, tokenFile);
    if (uri.getRawUserInfo() != null) {
      throw new SinkException(
          "--webhook: a user or password in the URL is for everybody to read; remedy:"
              + " --webhook-token-file");
    }
    if (scheme.equals("http") && !isLoopback(uri.getHost())) {
      throw new SinkException(
          "--webhook: plain http is for this machine only; remedy: https, url=" + webhook);
    }
    return webhook;
  }

  URI uri() {
    return uri;
  }

  /**
   * Makes sure that there is a token if there is to be one.
   *
   * @throws SinkException if it cannot be read, others can read it, or it is no token
   */
  void requireToken() {
    try {
      token();
    } catch (IOException e) {
      throw new SinkException(String.valueOf(e.getMessage()), e);
    }
  }

  /**
   * Reads the token, each time, so that it can be changed while the agent runs.
   *
   * @throws IOException if it cannot be read, others can read it, or it is no token
   */
  Optional<String> token() throws IOException {
    if (tokenFile == null) {
      return Optional.empty();
    }
    String token;
    try {
      if (!Files.isRegularFile(tokenFile)) {
        throw new IOException("--webhook-token-file: no such file: " + tokenFile);
      }
      Set<PosixFilePermission> permissions = EnumSet.noneOf(PosixFilePermission.class);
      permissions.addAll(Files.getPosixFilePermissions(tokenFile));
      permissions.retainAll(OTHERS);
      if (!permissions.isEmpty()) {
        throw new IOException(
            "--webhook-token-file: others may read or write it; remedy: chmod 600 " + tokenFile);
      }
      if (Files.size(tokenFile) > MAX_TOKEN_BYTES) {
        throw new IOException(
            "--webhook-token-file: too large for a token: size=%d, limit=%d"
                .formatted(Files.size(tokenFile), MAX_TOKEN_BYTES));
      }
      token = Files.readString(tokenFile, StandardCharsets.ISO_8859_1).strip();
    } catch (java.nio.file.FileSystemException e) {
      throw new IOException("--webhook-token-file: cannot be read: " + tokenFile, e);
    }
    if (!TOKEN.matcher(token).matches()) {
      throw new IOException(
          "--webhook-token-file: not one line of printable characters without spaces: "
              + tokenFile);
    }
    return Optional.of(token);
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

  /** Scheme, host and port. */
  @Override
  public String toString() {
    return uri.getScheme() + "://" + uri.getHost() + (uri.getPort() < 0 ? "" : ":" + uri.getPort());
  }
}
