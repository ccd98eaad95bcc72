package org.kmodwatch.lab;

import java.io.PrintWriter;
import java.util.function.Supplier;
import org.kmodwatch.agent.shell.CommandException;
import org.kmodwatch.agent.shell.ExitStatus;
import picocli.CommandLine.Model.CommandSpec;

/** Translates a {@link LabException} for the lab's commands. */
final class LabFailures {

  private LabFailures() {}

  /**
   * Runs a command. If it fails, shows the guest's last lines on standard error and throws a
   * CommandException.
   */
  static int translate(CommandSpec spec, Supplier<Integer> command) {
    try {
      return command.get();
    } catch (LabException e) {
      PrintWriter err = spec.commandLine().getErr();
      e.lastLines().forEach(line -> err.println("  | " + line));
      err.flush();
      throw new CommandException(exitStatus(e), String.valueOf(e.getMessage()), e);
    }
  }

  static int exitStatus(LabException failure) {
    return switch (failure) {
      case LabException.Usage e -> ExitStatus.USAGE;
      case LabException.Unavailable e -> ExitStatus.UNAVAILABLE;
      case LabException.GuestPanicked e -> ExitStatus.INTERNAL;
      case LabException.GuestHung e -> ExitStatus.INTERNAL;
      case LabException.GuestFailed e -> ExitStatus.INTERNAL;
      case LabException.HostFailed e -> ExitStatus.INTERNAL;
    };
  }
}
