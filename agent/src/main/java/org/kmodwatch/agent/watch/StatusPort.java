package org.kmodwatch.agent.watch;

import java.io.IOException;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.agent.status.ListenAddress;
import org.kmodwatch.agent.status.StatusServer;

/**
 * The port that serves metrics and health. Another user can occupy the port first, and an address
 * may appear only after the start. Neither may end the agent, so the port tries again until it can
 * listen. Thread-safe.
 */
public final class StatusPort implements AutoCloseable {

  /** The time between two tries. */
  static final Duration RETRY = Duration.ofSeconds(5);

  private final Opening opening;
  private final ListenAddress address;
  private final Consumer<String> notes;

  /** The running server; null if there is none. It and {@link #closed} are guarded by this. */
  private @Nullable StatusServer server;

  private boolean closed;

  private StatusPort(Opening opening, ListenAddress address, Consumer<String> notes) {
    this.opening = opening;
    this.address = address;
    this.notes = notes;
  }

  /** Starts a server. */
  interface Opening {
    /** Returns a server that answers already. */
    StatusServer open() throws IOException;
  }

  /**
   * Opens the port now, or later on a separate thread.
   *
   * @param retry the time between two tries
   * @param notes receives messages for a person
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
          // The first failure was reported.
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
