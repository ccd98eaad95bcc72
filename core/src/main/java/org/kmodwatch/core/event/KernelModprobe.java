package org.kmodwatch.core.event;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** How the kernel itself starts modprobe: {@code modprobe -q -- ALIAS} (kernel/module/kmod.c). */
public final class KernelModprobe {

  private KernelModprobe() {}

  /**
   * What the kernel asks for, if {@code arguments} are those that it starts modprobe with; null if
   * they are not. Anybody can start it so: who did is another question.
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
