package org.kmodwatch.agent.watch;

import java.io.IOException;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.agent.status.ListenAddress;
import org.kmodwatch.agent.status.StatusServer;

/**
 * Where metrics and health are asked for. Any user can have the port first, and an address may come
 * after the start: that must not end the agent, so it is tried again until it works. Thread-safe.
 */
public final class StatusPort implements AutoCloseable {

  /** From one try to the next. */
  static final Duration RETRY = Duration.ofSeconds(5);

  private final Opening opening;
  private final ListenAddress address;
  private final Consumer<String> notes;

  /** Both guarded by this. */
  private @Nullable StatusServer server;

  private boolean closed;

  private StatusPort(Opening opening, ListenAddress address, Consumer<String> notes) {
    this.opening = opening;
    this.address = address;
    this.notes = notes;
  }

  /** Listens. */
  interface Opening {
    /** The server, which answers already. */
    StatusServer open() throws IOException;
  }

  /**
   * Opens it now, or later on a thread of its own.
   *
   * @param retry from one try to the next
   * @param notes takes lines for a person
   */
  static StatusPort open(
      Opening opening, ListenAddress address, Duration retry, Consumer<String> notes) {
    var port = new StatusPort(opening, address, notes);
    try {
      port.tryToOpen();
    } catch (IOException e) {
      notes.accept(
          "cannot listen on --listen %s, trying again every %d s: %s; remedy: give another port or stop who has it"
              .formatted(address, retry.toSeconds(), e.getMessage()));
      Thread ignored =
          Thread.ofPlatform()
              .name("kmodwatch-port")
              .daemon()
              .start(() -> port.retryUntilBound(retry));
    }
    return port;
  }

  private void retryUntilBound(Duration retry) {
    try {
      while (!isDone()) {
        Thread.sleep(retry);
        try {
          tryToOpen();
        } catch (IOException e) {
          // It was said.
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized boolean isDone() {
    return closed || server != null;
  }

  private synchronized void tryToOpen() throws IOException {
    if (closed) {
      return;
    }
    StatusServer opened = opening.open();
    server = opened;
    String url = opened.url();
    notes.accept(
        "metrics and health: %s/metrics, %s/healthz%s"
            .formatted(url, url, address.isLoopback() ? "" : ", for whoever can reach it"));
  }

  @Override
  public synchronized void close() {
    closed = true;
    if (server != null) {
      server.close();
    }
  }
}
