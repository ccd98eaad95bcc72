package org.kmodwatch.lab;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.kmodwatch.agent.shell.ExitStatus;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Implements {@code kmodwatch lab kernels}. */
@Command(
    name = "kernels",
    header = "Lists the kernels that the lab can boot.",
    description = {
      "One line each: the name for lab run --kernel, whether it is here, the package and its"
          + " version.",
      "One that is not here is fetched when it is first booted."
    },
    optionListHeading = "%nOptions:%n",
    footerHeading = "%nExamples:%n",
    footer = "  kmodwatch lab kernels")
final class LabKernelsCommand implements Callable<Integer> {

  private static final String ROW = "%-8s %-12s %-44s %s%n";

  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() {
    return LabFailures.translate(
        spec,
        () -> {
          PrintWriter out = spec.commandLine().getOut();
          out.printf(ROW, "NAME", "STATE", "PACKAGE", "VERSION");
          for (LabKernel kernel : Lab.kernels().kernels()) {
            if (kernel.ready()) {
              out.printf(ROW, kernel.name(), "ready", kernel.packageName(), kernel.version());
            } else {
              out.printf(ROW, kernel.name(), "not fetched", kernel.source(), "-");
            }
          }
          out.flush();
          return ExitStatus.OK;
        });
  }
}
