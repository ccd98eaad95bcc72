package org.kmodwatch.lab;

import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Implements {@code kmodwatch lab}. */
@Command(
    name = "lab",
    header = "Runs scripts in throwaway virtual machines with real kernels, under the sensor.",
    description = "Nothing is loaded into this machine's kernel, and no root is needed.",
    synopsisSubcommandLabel = "COMMAND",
    commandListHeading = "%nCommands:%n",
    optionListHeading = "%nOptions:%n",
    footerHeading = "%nExamples:%n",
    footer = {"  kmodwatch lab run", "  kmodwatch lab kernels"},
    subcommands = {LabRunCommand.class, LabKernelsCommand.class})
final class LabCommand implements Callable<Integer> {

  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() {
    throw new CommandLine.ParameterException(
        spec.commandLine(), "no command given; there are lab run and lab kernels");
  }
}
