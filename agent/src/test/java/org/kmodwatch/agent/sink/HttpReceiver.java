package org.kmodwatch.agent.sink;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsParameters;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.zip.GZIPInputStream;
import javax.net.ssl.SSLParameters;

/** Java's own HTTP server, with or without TLS, which keeps every request it gets. */
public final class HttpReceiver implements AutoCloseable {

  private final HttpServer server;
  private final List<Request> requests = new CopyOnWriteArrayList<>();
  private volatile int status = 200;

  /** One request. */
  public static final class Request {
    private final String path;
    private final Headers headers;
    private final byte[] body;

    Request(String path, Headers headers, byte[] body) {
      this.path = path;
      this.headers = headers;
      this.body = body;
    }

    /** The path of its URL. */
    public String path() {
      return path;
    }

    /** Its headers. */
    public Headers headers() {
      return headers;
    }

    /** Its body, uncompressed. */
    public byte[] body() {
      return body.clone();
    }

    /** Its body as text. */
    public String text() {
      return new String(body, UTF_8);
    }
  }

  private HttpReceiver(HttpServer server) {
    this.server = server;
    server.createContext("/", this::take);
    server.start();
  }

  /** One without TLS. */
  static HttpReceiver plain() throws IOException {
    return new HttpReceiver(HttpServer.create(anyPort(), 0));
  }

  /** One that shows {@code own}, and may want the client's certificate from the same authority. */
  public static HttpReceiver tls(TlsFiles own, boolean wantsCertificate) throws IOException {
    HttpsServer server = HttpsServer.create(anyPort(), 0);
    server.setHttpsConfigurator(
        new HttpsConfigurator(Tls.context(own)) {
          @Override
          public void configure(HttpsParameters parameters) {
            SSLParameters tls = getSSLContext().getDefaultSSLParameters();
            tls.setNeedClientAuth(wantsCertificate);
            parameters.setSSLParameters(tls);
          }
        });
    return new HttpReceiver(server);
  }

  private static InetSocketAddress anyPort() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  private void take(HttpExchange exchange) throws IOException {
    try (exchange) {
      Headers headers = exchange.getRequestHeaders();
      InputStream body = exchange.getRequestBody();
      if ("gzip".equals(headers.getFirst("Content-Encoding"))) {
        body = new GZIPInputStream(body);
      }
      requests.add(new Request(exchange.getRequestURI().getPath(), headers, body.readAllBytes()));
      exchange.sendResponseHeaders(status, -1);
    }
  }

  /** What it answers from now on. */
  void answer(int newStatus) {
    status = newStatus;
  }

  /** Where this machine reaches {@code path}, with 127.0.0.1 for the host. */
  public String url(String path) {
    return "%s://127.0.0.1:%d%s"
        .formatted(
            server instanceof HttpsServer ? "https" : "http", server.getAddress().getPort(), path);
  }

  /** Every request so far. */
  public List<Request> requests() {
    return List.copyOf(requests);
  }

  /** The first value of a header, request by request. */
  List<String> headers(String name) {
    return requests.stream().map(request -> request.headers().getFirst(name)).toList();
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
