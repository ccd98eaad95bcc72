package org.kmodwatch.core.event;

import java.util.Collections;
import java.util.EnumSet;
import java.util.OptionalLong;
import java.util.Set;

/**
 * Recognises the call by which the sensor checks that it sees events: {@code finit_module(-1, "",
 * flags)}. It compares the call's arguments and result, which the kernel reports. It does not
 * compare the process's name or program, because a process chooses those itself. Such a call can
 * load nothing: it has no file, and the kernel refuses unknown flags before it looks for one
 * (kernel/module/main.c).
 */
public final class CanaryCall {

  /** A bit of finit_module's flags that has no meaning in any kernel. */
  public static final int UNKNOWN_FLAG = 1 << 30;

  /**
   * The errors that finit_module returns before it has a file. Causes: no capability, bad flags, a
   * bad descriptor, a kernel without modules.
   */
  private static final Set<Errno> BEFORE_A_FILE =
      Collections.unmodifiableSet(EnumSet.of(Errno.EPERM, Errno.EINVAL, Errno.EBADF, Errno.ENOSYS));

  private CanaryCall() {}

  /**
   * Returns whether a finit_module with this descriptor and these flags is a canary call of any
   * agent.
   */
  public static boolean isOne(int descriptor, int flags) {
    return descriptor == -1 && (flags & UNKNOWN_FLAG) != 0;
  }

  /** Returns whether an event is a canary call of any agent, from any source. */
  public static boolean isOne(Event event) {
    return event.eventName().equals(EventNames.FINIT_MODULE)
        && event.returnValue() != null
        && Errno.ofReturnValue(event.returnValue()).filter(BEFORE_A_FILE::contains).isPresent()
        && isOne(argument(event, "fd"), argument(event, "flags"))
        && !SourceContext.of(event).map(SourceContext::imageTaken).orElse(false);
  }

  /**
   * Returns the lower half of an argument, the only part that the kernel looks at. Returns 0, which
   * no canary call has, for a missing argument.
   */
  private static int argument(Event event, String name) {
    OptionalLong bits =
        event.argument(name).orElse(Value.NULL) instanceof Value.Num number
            ? number.bits()
            : OptionalLong.empty();
    return (int) bits.orElse(0);
  }
}
