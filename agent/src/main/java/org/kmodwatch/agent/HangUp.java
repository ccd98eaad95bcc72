package org.kmodwatch.agent;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;

/**
 * Does something at SIGHUP, which ends the process otherwise. Java has no other way to hear of a
 * signal than {@code sun.misc.Signal} (module jdk.unsupported), which the compiler warns of and
 * lets nobody say that it is meant; so it is called by reflection.
 */
final class HangUp {

  private HangUp() {}

  /**
   * From now on {@code action} is what SIGHUP does.
   *
   * @param action runs on a thread of its own for each signal
   */
  static void handle(Runnable action) {
    try {
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      InvocationHandler handling =
          (proxy, method, args) ->
              switch (method.getName()) {
                case "handle" -> {
                  action.run();
                  yield null;
                }
                // Nobody compares it with another, for there is one.
                case "equals" -> false;
                case "hashCode" -> 1;
                default -> "at SIGHUP";
              };
      signal
          .getMethod("handle", signal, handler)
          .invoke(
              null,
              signal.getConstructor(String.class).newInstance("HUP"),
              Proxy.newProxyInstance(
                  HangUp.class.getClassLoader(), new Class<?>[] {handler}, handling));
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("this Java has no sun.misc.Signal", e);
    }
  }
}
