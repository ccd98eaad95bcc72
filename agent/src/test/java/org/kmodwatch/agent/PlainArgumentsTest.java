package org.kmodwatch.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.kmodwatch.agent.config.ByteSize;
import org.kmodwatch.agent.shell.ExitStatus;
import org.kmodwatch.agent.watch.WatchCommand;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

class PlainArgumentsTest {

  @Test
  void everyOption_isReadAsPicocliReadsIt() {
    for (OptionSpec option : new CommandLine(command()).getCommandSpec().options()) {
      for (String name : option.names()) {
        String value = option.type().equals(ByteSize.class) ? "5M" : "value";
        if (option.arity().max() > 0 && name.startsWith("--")) {
          assertAlike(List.of(name + "=" + value), name);
        }
        if (option.arity().min() == 0) {
          assertAlike(List.of(name), name);
        } else {
          assertAlike(List.of(name, value), name);
        }
      }
    }
  }

  @Test
  void many_areReadAsPicocliReadsThem() {
    assertAlike(List.of(), "none");
    assertAlike(
        List.of("-o", "loads", "--pin", "--state=/x", "--fail-on=a", "--fail-on", "b"), "many");
    assertAlike(
        List.of("--signatures", "a", "--keep-images-max=1G", "--pin=/y", "--guard-ftrace"), "many");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--help",
        "--debug",
        "-oloads",
        "--frobnicate",
        "--frobnicate x",
        "--record",
        "--record --pin",
        "--record=",
        "-o json -o loads",
        "-o json --output=loads",
        "--state=a --state=b",
        "--pin --pin",
        "--pin x",
        "--spool-max=much",
        "--guard-ftrace=true",
        "--guard-ftrace x",
        "-- x",
        "@file",
        "--record @file",
        "x"
      })
  void whatIsNotPlain_isLeftToPicocli(String arguments) {
    assertThat(PlainArguments.read(("watch " + arguments).split(" "), command().options()))
        .isFalse();
  }

  private static void assertAlike(List<String> arguments, String of) {
    var plain = command();
    var args = new ArrayList<>(List.of("watch"));
    args.addAll(arguments);
    assertThat(PlainArguments.read(args.toArray(String[]::new), plain.options())).as(of).isTrue();
    var ofPicocli = command();
    new CommandLine(ofPicocli).parseArgs(arguments.toArray(String[]::new));
    assertThat(options(plain)).as(of).isEqualTo(options(ofPicocli));
  }

  private static List<String> options(WatchCommand command) {
    return new CommandLine(command)
        .getCommandSpec().options().stream()
            .map(option -> Arrays.toString(option.names()) + "=" + option.getValue())
            .toList();
  }

  private static WatchCommand command() {
    return new WatchCommand(
        new Cli().shell(new ByteArrayOutputStream()),
        options -> {
          throw new AssertionError("not to be started");
        },
        e -> ExitStatus.INTERNAL);
  }
}
