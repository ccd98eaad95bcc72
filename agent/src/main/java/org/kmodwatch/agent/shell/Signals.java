package org.kmodwatch.agent.shell;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Does something at a signal that ends the process otherwise. Java has no other way to hear of one
 * than {@code sun.misc.Signal} (module jdk.unsupported), which the compiler warns of and lets
 * nobody say that it is meant; so it is called by reflection.
 */
public final class Signals {

  private Signals() {}

  /** A handler that is in place. */
  interface Handling extends AutoCloseable {
    /** Puts back what there was before. */
    @Override
    void close();
  }

  /**
   * From now on {@code action} is what the signal does.
   *
   * @param name without SIG, such as {@code HUP}
   * @param action runs on a thread of its own for each signal
   */
  public static void handle(String name, Runnable action) {
    put(signal(name), handler(name, action));
  }

  /**
   * The first such signal is {@code action}; the next one does what it did before. Where the
   * process was started to ignore it, as by nohup, it goes on to.
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
              // Nobody compares it with another.
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

  /** Puts {@code handler} in place; the one that was. */
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
