package org.kmodwatch.core.audit;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.KernelModprobe;

/**
 * What a command line says of a load. It is from the memory of the process, which may have changed
 * it.
 *
 * @param moduleArgument the file that insmod was to load, as it was written; null if it is not
 *     insmod's
 * @param modulePath the same as an absolute path; null if it is relative to a folder that is not
 *     known
 * @param alias what the kernel asked for, if it is the one that the kernel starts modprobe by
 */
record CommandLine(
    @Nullable String moduleArgument, @Nullable String modulePath, @Nullable String alias) {

  static CommandLine of(List<String> arguments, @Nullable String workingDirectory) {
    String argument = moduleArgument(arguments);
    String path = null;
    if (argument != null && argument.startsWith("/")) {
      path = argument;
    } else if (argument != null && workingDirectory != null && workingDirectory.startsWith("/")) {
      String relative = argument.startsWith("./") ? argument.substring(2) : argument;
      path =
          workingDirectory.endsWith("/")
              ? workingDirectory + relative
              : workingDirectory + "/" + relative;
    }
    return new CommandLine(argument, path, KernelModprobe.aliasIn(arguments));
  }

  /** Only insmod takes a file: what another program's arguments mean, nobody knows. */
  private static @Nullable String moduleArgument(List<String> arguments) {
    int first = 0;
    if (arguments.size() > 1
        && (isProgram(arguments.getFirst(), "busybox")
            || isProgram(arguments.getFirst(), "kmod"))) {
      first = 1;
    }
    if (arguments.size() <= first || !isProgram(arguments.get(first), "insmod")) {
      return null;
    }
    for (String argument : arguments.subList(first + 1, arguments.size())) {
      if (!argument.startsWith("-")) {
        return argument.isEmpty() ? null : argument;
      }
    }
    return null;
  }

  private static boolean isProgram(String argument, String name) {
    return argument.substring(argument.lastIndexOf('/') + 1).equals(name);
  }
}
