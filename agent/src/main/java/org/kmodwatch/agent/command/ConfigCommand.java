package org.kmodwatch.agent.command;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.agent.config.JsonSchema;
import org.kmodwatch.agent.config.YamlText;
import org.kmodwatch.agent.output.JsonText;
import org.kmodwatch.agent.settings.Configuration;
import org.kmodwatch.agent.settings.WatchSettings;
import org.kmodwatch.agent.shell.CommandException;
import org.kmodwatch.agent.shell.Counted;
import org.kmodwatch.agent.shell.ExitStatus;
import org.kmodwatch.agent.shell.Shell;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Implements {@code kmodwatch config}. */
@Command(
    name = "config",
    header = "Check, show or begin a configuration file.",
    synopsisSubcommandLabel = "COMMAND",
    description = {
      "",
      "watch --config FILE reads its configuration at the start and at SIGHUP. A file is checked as"
          + " a whole before anything starts, and at SIGHUP the old one is kept if the new one is"
          + " wrong. What is given on the command line counts for more."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  kmodwatch config init /etc/kmodwatch/kmodwatch.yaml",
      "  kmodwatch config check /etc/kmodwatch/kmodwatch.yaml",
      "  kmodwatch config show --config /etc/kmodwatch/kmodwatch.yaml",
      "  kmodwatch config schema > kmodwatch.schema.json"
    })
public final class ConfigCommand implements Callable<Integer> {

  private static final String HEAD =
      """
      Configuration of kmodwatch watch. Every key is here with what holds without it; take the single #
      away from what you want to be otherwise. After a change: kmodwatch config check FILE, then send
      SIGHUP (systemctl reload kmodwatch). For editors: kmodwatch config schema.\
      """;

  private final Shell shell;

  public ConfigCommand(Shell shell) {
    this.shell = shell;
  }

  @Override
  public Integer call() {
    throw new CommandException(
        ExitStatus.USAGE,
        "no command given: check, show, init or schema; see kmodwatch config --help");
  }

  @Command(
      name = "check",
      header = "Check a configuration file; every problem is a line.",
      footerHeading = "%nExamples:%n",
      footer = "  kmodwatch config check /etc/kmodwatch/kmodwatch.yaml")
  int check(@Parameters(paramLabel = "FILE", description = "The file (YAML).") Path file)
      throws IOException {
    WatchSettings.Changeable settings =
        Configuration.read(file, Configuration.FromElsewhere.nothing(), shell).changeable();
    shell.print(
        "%s: %s, %s, all well\n"
            .formatted(
                file,
                Counted.of(settings.sinks().size(), "sink"),
                Counted.of(settings.policy().rules().size(), "rule")));
    return ExitStatus.OK;
  }

  @Command(
      name = "show",
      header = "Show what holds, standard values included, and where each value is from.",
      footerHeading = "%nExamples:%n",
      footer = {
        "  kmodwatch config show",
        "  kmodwatch config show --config kmodwatch.yaml --set sinks.siem.format=ecs"
      })
  int show(
      @Option(names = "--config", paramLabel = "FILE", description = "The file (YAML).")
          @Nullable Path file,
      @Option(
              names = "--set",
              paramLabel = "KEY=VALUE",
              description = "Set one key. May be repeated.")
          @Nullable List<String> assignments)
      throws IOException {
    List<String> set = assignments == null ? List.of() : assignments;
    var more = Configuration.FromElsewhere.assignments(set);
    shell.print(YamlText.of(Configuration.read(file, more, shell).section(), Configuration.SHAPE));
    return ExitStatus.OK;
  }

  @Command(
      name = "init",
      header = "Write an example with every key, none of them in force.",
      footerHeading = "%nExamples:%n",
      footer = {"  kmodwatch config init", "  kmodwatch config init /etc/kmodwatch/kmodwatch.yaml"})
  int init(
      @Parameters(
              arity = "0..1",
              paramLabel = "FILE",
              description = "A new file; without it, standard output.")
          @Nullable Path file)
      throws IOException {
    String example = YamlText.example(Configuration.SHAPE, HEAD);
    if (file == null) {
      shell.print(example);
      return ExitStatus.OK;
    }
    try {
      Files.writeString(file, example, StandardOpenOption.CREATE_NEW);
    } catch (FileAlreadyExistsException e) {
      throw new CommandException(
          ExitStatus.USAGE,
          "there is a file already, and it is left as it is: %s; give a new name".formatted(file),
          e);
    } catch (IOException e) {
      throw new CommandException(
          ExitStatus.UNAVAILABLE,
          "cannot write %s, give a place that can be written to: %s".formatted(file, e),
          e);
    }
    shell.note("wrote %s; check it with kmodwatch config check %s".formatted(file, file));
    return ExitStatus.OK;
  }

  @Command(
      name = "schema",
      header = "Print the JSON Schema of the configuration, for editors.",
      footerHeading = "%nExamples:%n",
      footer = "  kmodwatch config schema > kmodwatch.schema.json")
  int schema() throws IOException {
    shell.print(schemaText() + "\n");
    return ExitStatus.OK;
  }

  static String schemaText() {
    return JsonText.pretty(
        JsonSchema.of(
            Configuration.SHAPE, Configuration.SCHEMA_ID, "Configuration of kmodwatch watch"));
  }
}
