package org.kmodwatch.core.audit;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.KernelModprobe;

/**
 * The facts on a module load that a command line contains. The command line is from the memory of
 * the process, which may have changed it.
 *
 * @param moduleArgument the file argument of insmod, as written; null for another program
 * @param modulePath the file argument as an absolute path; null if it is relative to an unknown
 *     folder
 * @param alias the name that the kernel asked for, if this is the kernel's own modprobe command
 *     line; null otherwise
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

  /**
   * Returns the file argument. Only insmod takes a file: the meaning of another program's arguments
   * is not known.
   */
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
