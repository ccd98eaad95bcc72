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
 * /healthz} with 200 or 503 and a JSON object. Anybody who can connect may ask; nothing can be
 * changed.
 *
 * <p>For maintainers. The JDK's own server closes the newest connection when there are too many, so
 * that a few silent clients keep all others out (docs/decisions/0019). This one closes the oldest:
 * a client that asks at once has its answer within milliseconds. One request a connection.
 */
public final class StatusServer implements AutoCloseable {

  /** How many connections are open at once; for one more, the oldest is closed. */
  static final int MAX_CONNECTIONS = 64;

  /** From the connection to the end of the answer. */
  private static final Duration TIME_FOR_ALL = Duration.ofSeconds(10);

  /** How long a client has to close its side after the answer. */
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

  /** The oldest first. Guarded by itself. */
  private final Deque<Connection> open = new ArrayDeque<>();

  /** Guarded by {@link #open}. */
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
   * Listens and answers, on threads of its own.
   *
   * @param names by which clients may ask, besides addresses and localhost
   * @param metrics called from any thread
   * @param health called from any thread
   * @param notes takes lines for a person, from any thread
   * @throws IOException if the address cannot be listened on
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
      // So that those whose time is over are closed although nobody else comes.
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

  /** Where it is, without a slash at the end. */
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

  /** No more descriptors, for example: to try again at once would help nobody. */
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

  /** Its thread, which may be reading or writing, finds it closed. */
  private static void close(Connection connection) {
    try {
      connection.socket().close();
    } catch (IOException e) {
      // It is gone.
    }
  }

  private void serve(Connection connection) {
    try {
      answer(connection.socket());
    } catch (IOException e) {
      // The client has gone, or took too long.
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
    Answer answer;
    try {
      RequestHead request = RequestHead.read(in);
      withBody = !request.method().equals("HEAD");
      answer = answer(request);
    } catch (RequestHead.BadRequestException e) {
      answer = Answer.text(e.status(), String.valueOf(e.getMessage()));
    }
    client.getOutputStream().write(answer.bytes(Instant.now(), withBody));
    client.shutdownOutput();
    // What is not read when a socket is closed makes the kernel take the answer back.
    client.setSoTimeout(LINGER_MILLIS);
    for (int i = 0; i < 16 && in.read(new byte[4096]) >= 0; i++) {
      // A body that nobody asked for.
    }
  }

  private Answer answer(RequestHead request) {
    if (!hosts.allow(request.host())) {
      return Answer.text(
          421,
          "asked by a name that is not known here: ask by address, or add the name to listen-names"
              + " of the configuration");
    }
    if (!request.method().equals("GET") && !request.method().equals("HEAD")) {
      return Answer.text(405, "only GET and HEAD");
    }
    try {
      return switch (request.path()) {
        case "/metrics" -> metrics(request.accept());
        case "/healthz" -> health();
        default -> Answer.text(404, "there are /metrics and /healthz");
      };
    } catch (Throwable e) { // An Error too: whoever asks must learn that something is wrong.
      fault("answer GET " + request.path(), e);
      return Answer.text(500, "a fault of kmodwatch, which its standard error tells of: " + e);
    }
  }

  /** Says it at most once a minute: a scraper comes again and again. */
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

  private Answer metrics(@Nullable String accept) throws IOException {
    ExpositionFormatWriter writer = formats.findWriter(accept);
    var body = new ByteArrayOutputStream();
    writer.write(body, metrics.get());
    return new Answer(200, writer.getContentType(), body.toByteArray());
  }

  private Answer health() {
    Health now = health.get();
    Map<String, Value> json = new LinkedHashMap<>();
    json.put("status", Value.of(now.isWell() ? "ok" : "failing"));
    json.put("troubles", Value.ofStrings(now.troubles()));
    return new Answer(
        now.isWell() ? 200 : 503,
        "application/json",
        (JsonText.line(new Value.Obj(json)) + "\n").getBytes(StandardCharsets.UTF_8));
  }

  /** Stops at once. */
  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException e) {
      // It takes nobody any more.
    }
    synchronized (open) {
      open.forEach(StatusServer::close);
      open.clear();
    }
  }
}
