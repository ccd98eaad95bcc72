package org.kmodwatch.agent.watch;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.sensor.kernel.KernelException;
import org.kmodwatch.sensor.kernel.LocalDatagramSocket;

/**
 * Reports the state of the service to systemd, by the protocol of sd_notify(3). Without {@code
 * NOTIFY_SOCKET} it does nothing. A message that cannot be delivered is dropped, and the next one
 * replaces it. One thread at a time may use it.
 */
public final class ServiceManager {

  /** The number of keep-alive messages within the watchdog's limit. */
  private static final int SIGNS_IN_LIMIT = 6;

  /**
   * The send timeout. Systemd normally reads its socket all the time; if it does not, the agent
   * must not wait.
   */
  private static final int SEND_TIMEOUT_SECONDS = 1;

  private static final long NANOS_OF_MICRO = 1_000L;

  private final Consumer<String> messages;
  private final long signEveryNanos;
  private final LongSupplier nanoClock;
  private boolean signed;
  private long signedNanos;
  private String status = "";

  private ServiceManager(
      Consumer<String> messages, long watchdogLimitNanos, LongSupplier nanoClock) {
    this.messages = messages;
    this.signEveryNanos = watchdogLimitNanos / SIGNS_IN_LIMIT;
    this.nanoClock = nanoClock;
  }

  /**
   * Returns the service manager that started this process.
   *
   * @param variables the environment
   * @param nanoClock System::nanoTime
   */
  static ServiceManager of(Map<String, String> variables, LongSupplier nanoClock) {
    String address = variables.getOrDefault("NOTIFY_SOCKET", "");
    Consumer<String> messages = address.isEmpty() ? message -> {} : new Socket(address)::send;
    return of(variables, messages, nanoClock);
  }

  /**
   * Returns the same as {@link #of(Map, LongSupplier)}, but {@code messages} receives the messages
   * instead of systemd.
   */
  static ServiceManager of(
      Map<String, String> variables, Consumer<String> messages, LongSupplier nanoClock) {
    return new ServiceManager(messages, watchdogLimitNanos(variables), nanoClock);
  }

  /** Returns the watchdog's limit; 0 if no watchdog waits for this process. */
  private static long watchdogLimitNanos(Map<String, String> variables) {
    String whose = variables.getOrDefault("WATCHDOG_PID", "");
    if (!whose.isEmpty() && !whose.equals(Long.toString(ProcessHandle.current().pid()))) {
      return 0;
    }
    try {
      return Long.parseLong(variables.getOrDefault("WATCHDOG_USEC", "0")) * NANOS_OF_MICRO;
    } catch (NumberFormatException e) {
      return 0;
    }
  }

  /**
   * Reports that the options are valid. The hooks are not attached yet; the status shows when they
   * are.
   */
  void ready() {
    messages.accept("READY=1");
  }

  /** Reports that the service is stopping. */
  void stopping() {
    messages.accept("STOPPING=1");
  }

  /**
   * Shows one line in {@code systemctl status}, unless the same line is shown already.
   *
   * @param text without a line break
   */
  void status(String text) {
    if (!text.equals(status)) {
      status = text;
      messages.accept("STATUS=" + text);
    }
  }

  /**
   * Sends a keep-alive message if one is due. Call it wherever work is in progress, so that long
   * work is not taken for a hang.
   */
  void alive() {
    if (signEveryNanos <= 0) {
      return;
    }
    long now = nanoClock.getAsLong();
    if (!signed || now - signedNanos >= signEveryNanos) {
      signed = true;
      signedNanos = now;
      messages.accept("WATCHDOG=1");
    }
  }

  /** The socket of systemd. It connects at the first message, and again after a failed one. */
  private static final class Socket {
    private final String address;
    private @Nullable LocalDatagramSocket connected;

    Socket(String address) {
      this.address = address;
    }

    void send(String message) {
      try {
        LocalDatagramSocket socket = connected;
        if (socket == null) {
          socket = connect();
          connected = socket;
        }
        socket.send(message.getBytes(StandardCharsets.UTF_8));
      } catch (KernelException e) {
        if (connected != null) {
          connected.close();
          connected = null;
        }
      }
    }

    private LocalDatagramSocket connect() {
      return address.startsWith("@")
          ? LocalDatagramSocket.connectAbstract(address.substring(1), SEND_TIMEOUT_SECONDS)
          : LocalDatagramSocket.connect(Path.of(address), SEND_TIMEOUT_SECONDS);
    }
  }
}
