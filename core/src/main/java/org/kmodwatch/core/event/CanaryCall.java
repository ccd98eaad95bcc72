package org.kmodwatch.core.event;

import java.util.Collections;
import java.util.EnumSet;
import java.util.OptionalLong;
import java.util.Set;

/**
 * Knows the call by which the sensor looks whether it sees: {@code finit_module(-1, "", flags)}. It
 * is known by its arguments and its result, which the kernel says, and not by who made it, since a
 * process chooses its own name and program. Nothing can be loaded by it, whoever makes it: there is
 * no file, and the kernel refuses flags that it does not know before it looks for one
 * (kernel/module/main.c).
 */
public final class CanaryCall {

  /** No kernel gives this bit of finit_module's flags a meaning. */
  public static final int UNKNOWN_FLAG = 1 << 30;

  /**
   * What finit_module answers before it has a file: no capability, flags, descriptor, no modules.
   */
  private static final Set<Errno> BEFORE_A_FILE =
      Collections.unmodifiableSet(EnumSet.of(Errno.EPERM, Errno.EINVAL, Errno.EBADF, Errno.ENOSYS));

  private CanaryCall() {}

  /** Whether a finit_module with this descriptor and these flags is one, of whatever agent. */
  public static boolean isOne(int descriptor, int flags) {
    return descriptor == -1 && (flags & UNKNOWN_FLAG) != 0;
  }

  /** Whether an event is one, of whatever agent and from whatever source. */
  public static boolean isOne(Event event) {
    return event.eventName().equals(EventNames.FINIT_MODULE)
        && event.returnValue() != null
        && Errno.ofReturnValue(event.returnValue()).filter(BEFORE_A_FILE::contains).isPresent()
        && isOne(argument(event, "fd"), argument(event, "flags"))
        && !SourceContext.of(event).map(SourceContext::imageTaken).orElse(false);
  }

  /** The kernel looks at the lower half only; 0 if there is none, which is no canary's. */
  private static int argument(Event event, String name) {
    OptionalLong bits =
        event.argument(name).orElse(Value.NULL) instanceof Value.Num number
            ? number.bits()
            : OptionalLong.empty();
    return (int) bits.orElse(0);
  }
}
