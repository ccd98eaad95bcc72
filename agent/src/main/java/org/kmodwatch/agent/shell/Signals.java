package org.kmodwatch.agent.shell;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Handles signals that otherwise end the process. Java offers only {@code sun.misc.Signal} (module
 * jdk.unsupported). The compiler warns of its use, and the warning cannot be suppressed, so it is
 * called by reflection.
 */
public final class Signals {

  private Signals() {}

  /** A handler that is installed. */
  interface Handling extends AutoCloseable {
    /** Restores the earlier handler. */
    @Override
    void close();
  }

  /**
   * Installs {@code action} as the handler of a signal.
   *
   * @param name the name without SIG, such as {@code HUP}
   * @param action runs in a new thread for each signal
   */
  public static void handle(String name, Runnable action) {
    put(signal(name), handler(name, action));
  }

  /**
   * Installs {@code action} for the first signal; the next signal has its earlier effect. A signal
   * that the process ignored at start, as with nohup, stays ignored.
   */
  static Handling once(String name, Runnable action) {
    Object signal = signal(name);
    var before = new AtomicReference<@Nullable Object>();
    Handling back =
        () -> {
          Object first = before.getAndSet(null);
          if (first != null) {
            put(signal, first);
          }
        };
    Object first =
        put(
            signal,
            handler(
                name,
                () -> {
                  back.close();
                  action.run();
                }));
    before.set(first);
    if (first.equals(ignoring())) {
      back.close();
    }
    return back;
  }

  private static Object handler(String name, Runnable action) {
    InvocationHandler handling =
        (proxy, method, args) ->
            switch (method.getName()) {
              case "handle" -> {
                action.run();
                yield null;
              }
              // The proxy is never compared.
              case "equals" -> false;
              case "hashCode" -> 1;
              default -> "at SIG" + name;
            };
    return Proxy.newProxyInstance(
        Signals.class.getClassLoader(), new Class<?>[] {type("SignalHandler")}, handling);
  }

  private static Object signal(String name) {
    try {
      return type("Signal").getConstructor(String.class).newInstance(name);
    } catch (ReflectiveOperationException e) {
      throw missing(e);
    }
  }

  private static Object ignoring() {
    try {
      return type("SignalHandler").getField("SIG_IGN").get(null);
    } catch (ReflectiveOperationException e) {
      throw missing(e);
    }
  }

  /** Installs {@code handler} and returns the earlier handler. */
  private static Object put(Object signal, Object handler) {
    try {
      return type("Signal")
          .getMethod("handle", type("Signal"), type("SignalHandler"))
          .invoke(null, signal, handler);
    } catch (ReflectiveOperationException e) {
      throw missing(e);
    }
  }

  private static Class<?> type(String name) {
    try {
      return Class.forName("sun.misc." + name);
    } catch (ClassNotFoundException e) {
      throw missing(e);
    }
  }

  private static IllegalStateException missing(ReflectiveOperationException e) {
    return new IllegalStateException("this Java has no sun.misc.Signal as it should be", e);
  }
}
