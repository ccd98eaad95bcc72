package org.kmodwatch.agent.command;

import java.io.IOException;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.agent.doctor.Examination;
import org.kmodwatch.agent.doctor.Machine;
import org.kmodwatch.agent.doctor.Report;
import org.kmodwatch.agent.output.JsonText;
import org.kmodwatch.agent.shell.ExitStatus;
import org.kmodwatch.agent.shell.ReportFormat;
import org.kmodwatch.agent.shell.Shell;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Implements {@code kmodwatch doctor}. */
@Command(
    name = "doctor",
    header = "Say what this machine allows, what is missing and how to get it.",
    description = {
      "",
      "With the privilege to do so, every hook is loaded and attached for a moment. Ends with 0 if"
          + " \"kmodwatch watch\" would work here, with 69 if not."
    },
    footerHeading = "%nExamples:%n",
    footer = {"  sudo kmodwatch doctor", "  sudo kmodwatch doctor -o json"})
public final class DoctorCommand implements Callable<Integer> {

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FORMAT",
      description = "table (default) or json.")
  @Nullable String format;

  private final Shell shell;
  private final Examination.HookProbe probe;

  public DoctorCommand(Shell shell, Examination.HookProbe probe) {
    this.shell = shell;
    this.probe = probe;
  }

  @Override
  public Integer call() throws IOException {
    ReportFormat form = ReportFormat.choose(format);
    Machine machine = Machine.at(shell.root());
    Report report = Examination.of(machine, probe);
    String text =
        switch (form) {
          case TABLE ->
              machine.supportsModules() ? report.toText(shell.colour()) : report.verdict() + "\n";
          case JSON -> JsonText.pretty(report.toJson()) + "\n";
        };
    shell.print(text);
    shell.out().flush();
    return report.watchWorks() ? ExitStatus.OK : ExitStatus.UNAVAILABLE;
  }
}
