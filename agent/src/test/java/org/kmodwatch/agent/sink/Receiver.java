package org.kmodwatch.agent.sink;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A webhook's receiver, for tests; it can be down, slow, unwilling, and up again. */
final class Receiver implements AutoCloseable {

  private static final Pattern ID = Pattern.compile("\\{\"id\":\"([^\"]+)\"");

  private final int port;
  private final List<String> ids = new ArrayList<>();
  private final List<String> tokens = new ArrayList<>();
  private @Nullable HttpServer server;
  private volatile Reaction reaction = ids -> 200;
  private int requests;

  /** Chooses the status for a request with these ids; 503 comes with Retry-After: 1. */
  interface Reaction {
    int statusFor(List<String> ids) throws InterruptedException;
  }

  Receiver() throws IOException {
    try (var free = new ServerSocket()) {
      free.bind(address(0));
      port = free.getLocalPort();
    }
  }

  String url() {
    return "http://127.0.0.1:" + port + "/hook?key=in-the-url";
  }

  Receiver up() throws IOException {
    HttpServer started = HttpServer.create(address(port), 0);
    started.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    started.createContext("/", this::answer);
    started.start();
    server = started;
    return this;
  }

  void down() {
    if (server != null) {
      server.stop(0);
      server = null;
    }
  }

  void react(Reaction next) {
    reaction = next;
  }

  /** All that were taken, repeats too. */
  synchronized List<String> ids() {
    return List.copyOf(ids);
  }

  /** Those that were taken, in the order of their first time. */
  synchronized List<String> distinctIds() {
    return List.copyOf(new LinkedHashSet<>(ids));
  }

  synchronized List<String> authorizations() {
    return List.copyOf(tokens);
  }

  synchronized int requests() {
    return requests;
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
      List<String> came = ID.matcher(body).results().map(match -> match.group(1)).toList();
      synchronized (this) {
        requests++;
        tokens.add(String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")));
      }
      int status = reaction.statusFor(came);
      if (status == 200) {
        synchronized (this) {
          ids.addAll(came);
        }
      }
      if (status == 503) {
        exchange.getResponseHeaders().add("Retry-After", "1");
      }
      exchange.sendResponseHeaders(status, -1);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static InetSocketAddress address(int port) {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
  }

  @Override
  public void close() {
    down();
  }
}
