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
 * Tells systemd how the service is, by the protocol of sd_notify(3). Without {@code NOTIFY_SOCKET}
 * it does nothing. A message that does not get through is dropped: the next one takes its place.
 * One thread at a time.
 */
public final class ServiceManager {

  /** How many signs of life fit into the watchdog's limit. */
  private static final int SIGNS_IN_LIMIT = 6;

  /** Systemd reads its socket all the time; if it does not, nothing here may wait for it. */
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
   * The one that started this process.
   *
   * @param variables the environment
   * @param nanoClock System::nanoTime
   */
  static ServiceManager of(Map<String, String> variables, LongSupplier nanoClock) {
    String address = variables.getOrDefault("NOTIFY_SOCKET", "");
    Consumer<String> messages = address.isEmpty() ? message -> {} : new Socket(address)::send;
    return of(variables, messages, nanoClock);
  }

  /** As {@link #of(Map, LongSupplier)}, but {@code messages} takes what would be sent. */
  static ServiceManager of(
      Map<String, String> variables, Consumer<String> messages, LongSupplier nanoClock) {
    return new ServiceManager(messages, watchdogLimitNanos(variables), nanoClock);
  }

  /** 0 if nobody waits for a sign of life from this process. */
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

  /** Says that the options are right. The hooks are not in place yet: that is a status. */
  void ready() {
    messages.accept("READY=1");
  }

  /** Says that the end has begun. */
  void stopping() {
    messages.accept("STOPPING=1");
  }

  /**
   * Shows one line in {@code systemctl status}, unless it is there already.
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
   * Gives a sign of life, if it is time for one. Call it wherever work goes on, so that long work
   * is not taken for a hang.
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

  /** Systemd's socket, connected at the first message, and again after one that failed. */
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
