package org.kmodwatch.agent.status;

import io.prometheus.metrics.expositionformats.ExpositionFormatWriter;
import io.prometheus.metrics.expositionformats.ExpositionFormats;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.agent.output.JsonText;
import org.kmodwatch.core.event.Value;

/**
 * Answers {@code GET /metrics} in the text formats of Prometheus and OpenMetrics, and {@code GET
 * /healthz} with 200 or 503 and a JSON object. Every client that can connect may read; nothing can
 * be changed.
 *
 * <p>For maintainers: if there are too many connections, the JDK's own server closes the newest, so
 * a few silent clients block all others (docs/decisions/0019). This server closes the oldest: a
 * client that sends its request at once has its answer within milliseconds. Each connection serves
 * one request.
 */
public final class StatusServer implements AutoCloseable {

  /** Limits the open connections; beyond it, the oldest is closed. */
  static final int MAX_CONNECTIONS = 64;

  /** Limits the time from the connection to the end of the answer. */
  private static final Duration TIME_FOR_ALL = Duration.ofSeconds(10);

  /** Limits the time that a client has to close its side after the answer, in milliseconds. */
  private static final int LINGER_MILLIS = 1000;

  private static final int BACKLOG = 256;
  private static final Duration FAULT_INTERVAL = Duration.ofMinutes(1);

  private final ServerSocket socket;
  private final HostNames hosts;
  private final ExpositionFormats formats = ExpositionFormats.init();
  private final Supplier<MetricSnapshots> metrics;
  private final Supplier<Health> health;
  private final Consumer<String> notes;
  private final Thread acceptor;

  /** Holds the open connections, the oldest first. Its own monitor guards it. */
  private final Deque<Connection> open = new ArrayDeque<>();

  /** Holds the time of the last reported fault. The monitor of {@link #open} guards it. */
  private @Nullable Long faultNotedNanos;

  private record Connection(Socket socket, long sinceNanos) {}

  private StatusServer(
      ServerSocket socket,
      HostNames hosts,
      Supplier<MetricSnapshots> metrics,
      Supplier<Health> health,
      Consumer<String> notes) {
    this.socket = socket;
    this.hosts = hosts;
    this.metrics = metrics;
    this.health = health;
    this.notes = notes;
    this.acceptor = Thread.ofPlatform().name("kmodwatch-status").daemon().unstarted(this::accept);
  }

  /**
   * Starts to listen and answer, in separate threads.
   *
   * @param names the host names that clients may use, besides addresses and localhost
   * @param metrics returns the metrics; called from any thread
   * @param health returns the health; called from any thread
   * @param notes takes messages for the operator, from any thread
   * @throws IOException if the server cannot listen on the address
   */
  public static StatusServer start(
      ListenAddress address,
      Collection<String> names,
      Supplier<MetricSnapshots> metrics,
      Supplier<Health> health,
      Consumer<String> notes)
      throws IOException {
    var socket = new ServerSocket();
    try {
      socket.setReuseAddress(true);
      socket.bind(address.socket(), BACKLOG);
      // The timeout lets the loop close old connections even without a new client.
      socket.setSoTimeout(1000);
    } catch (IOException e) {
      socket.close();
      throw e;
    }
    var server =
        new StatusServer(
            socket, new HostNames(socket.getInetAddress(), names), metrics, health, notes);
    server.acceptor.start();
    return server;
  }

  /** Returns the URL of the server, without a slash at the end. */
  public String url() {
    var address = (InetSocketAddress) socket.getLocalSocketAddress();
    String host = address.getAddress().getHostAddress();
    return "http://%s:%d"
        .formatted(host.contains(":") ? "[" + host + "]" : host, address.getPort());
  }

  private void accept() {
    while (!socket.isClosed()) {
      try {
        var connection = new Connection(socket.accept(), System.nanoTime());
        add(connection);
        Thread.ofVirtual().name("kmodwatch-status-answer").start(() -> serve(connection));
      } catch (SocketTimeoutException nobody) {
        closeOld(System.nanoTime());
      } catch (IOException e) {
        if (!socket.isClosed()) {
          fault("take a connection", e);
          rest();
        }
      }
    }
  }

  /** Waits before a retry: an error such as a lack of descriptors would return at once. */
  private static void rest() {
    try {
      Thread.sleep(200);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void add(Connection connection) {
    closeOld(connection.sinceNanos());
    synchronized (open) {
      if (open.size() >= MAX_CONNECTIONS) {
        close(open.removeFirst());
      }
      open.addLast(connection);
    }
  }

  private void closeOld(long nowNanos) {
    synchronized (open) {
      Connection oldest;
      while ((oldest = open.peekFirst()) != null
          && nowNanos - oldest.sinceNanos() > TIME_FOR_ALL.toNanos()) {
        close(open.removeFirst());
      }
    }
  }

  /** Closes a connection. Its thread, which may be reading or writing, gets an exception. */
  private static void close(Connection connection) {
    try {
      connection.socket().close();
    } catch (IOException e) {
      // The connection is gone.
    }
  }

  private void serve(Connection connection) {
    try {
      answer(connection.socket());
    } catch (IOException e) {
      // The client closed the connection, or took too long.
    } finally {
      synchronized (open) {
        open.remove(connection);
      }
      close(connection);
    }
  }

  private void answer(Socket client) throws IOException {
    InputStream in = client.getInputStream();
    boolean withBody = true;
    StatusResponse answer;
    try {
      RequestHead request = RequestHead.read(in);
      withBody = !request.method().equals("HEAD");
      answer = answer(request);
    } catch (RequestHead.BadRequestException e) {
      answer = StatusResponse.text(e.status(), String.valueOf(e.getMessage()));
    }
    client.getOutputStream().write(answer.bytes(Instant.now(), withBody));
    client.shutdownOutput();
    // If a socket is closed with unread data, the kernel resets the connection and the answer is
    // lost.
    client.setSoTimeout(LINGER_MILLIS);
    for (int i = 0; i < 16 && in.read(new byte[4096]) >= 0; i++) {
      // The body of the request is discarded.
    }
  }

  private StatusResponse answer(RequestHead request) {
    if (!hosts.allow(request.host())) {
      return StatusResponse.text(
          421,
          "asked by a name that is not known here: ask by address, or add the name to listen-names"
              + " of the configuration");
    }
    if (!request.method().equals("GET") && !request.method().equals("HEAD")) {
      return StatusResponse.text(405, "only GET and HEAD");
    }
    try {
      return switch (request.path()) {
        case "/metrics" -> metrics(request.accept());
        case "/healthz" -> health();
        default -> StatusResponse.text(404, "there are /metrics and /healthz");
      };
    } catch (Throwable e) { // Catches an Error too: the client must learn of every fault.
      fault("answer GET " + request.path(), e);
      return StatusResponse.text(
          500, "a fault of kmodwatch, which its standard error tells of: " + e);
    }
  }

  /** Reports a fault at most once a minute, since a scraper repeats its request. */
  private void fault(String what, Throwable fault) {
    long now = System.nanoTime();
    synchronized (open) {
      if (faultNotedNanos != null && now - faultNotedNanos < FAULT_INTERVAL.toNanos()) {
        return;
      }
      faultNotedNanos = now;
    }
    StackTraceElement[] trace = fault.getStackTrace();
    notes.accept(
        "metrics and health: cannot %s: %s%s"
            .formatted(what, fault, trace.length == 0 ? "" : " at " + trace[0]));
  }

  private StatusResponse metrics(@Nullable String accept) throws IOException {
    ExpositionFormatWriter writer = formats.findWriter(accept);
    var body = new ByteArrayOutputStream();
    writer.write(body, metrics.get());
    return new StatusResponse(200, writer.getContentType(), body.toByteArray());
  }

  private StatusResponse health() {
    Health now = health.get();
    Map<String, Value> json = new LinkedHashMap<>();
    json.put("status", Value.of(now.isWell() ? "ok" : "failing"));
    json.put("troubles", Value.ofStrings(now.troubles()));
    return new StatusResponse(
        now.isWell() ? 200 : 503,
        "application/json",
        (JsonText.line(new Value.Obj(json)) + "\n").getBytes(StandardCharsets.UTF_8));
  }

  /** Stops the server at once. */
  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException e) {
      // The socket accepts no more connections.
    }
    synchronized (open) {
      open.forEach(StatusServer::close);
      open.clear();
    }
  }
}
