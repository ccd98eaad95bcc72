package org.kmodwatch.core.event;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Recognises the command line with which the kernel itself starts modprobe: {@code modprobe -q --
 * ALIAS} (kernel/module/kmod.c).
 */
public final class KernelModprobe {

  private KernelModprobe() {}

  /**
   * Returns the name that the kernel asks for, if {@code arguments} are the kernel's modprobe
   * command line; null otherwise. Any user can run this command line, so it does not prove that the
   * kernel did.
   */
  public static @Nullable String aliasIn(List<String> arguments) {
    int last = arguments.size() - 1;
    return last >= 3
            && arguments.get(last - 1).equals("--")
            && arguments.subList(1, last).contains("-q")
        ? arguments.get(last)
        : null;
  }
}
