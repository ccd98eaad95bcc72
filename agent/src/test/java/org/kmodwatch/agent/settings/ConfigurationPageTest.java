package org.kmodwatch.agent.settings;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.kmodwatch.agent.config.Key;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** Compares the table of keys in docs/reference/configuration.md with the code. */
class ConfigurationPageTest {

  /** The options of {@code watch} that have no key. */
  private static final Set<String> WITHOUT_KEY =
      Set.of("--config", "--set", "--webhook", "--webhook-token-file", "--spool-max", "--fail-on");

  private static final Pattern KEY = Pattern.compile("`([a-z-]+)`.*");
  private static final Pattern OPTION = Pattern.compile("`(--?[a-z-]+)[^`]*`");

  @Test
  void everyKey_isDocumented() throws IOException {
    assertThat(rows().map(row -> KEY.matcher(row[1].strip()).replaceAll("$1")))
        .containsExactlyInAnyOrderElementsOf(
            Configuration.SHAPE.keys().stream().map(Key::name).toList());
  }

  @Test
  void everyOption_isDocumentedWithItsKey() throws IOException {
    Set<String> documented =
        rows()
            .flatMap(row -> OPTION.matcher(row[2]).results())
            .map((MatchResult option) -> option.group(1))
            .collect(Collectors.toSet());
    documented.addAll(WITHOUT_KEY);
    List<OptionSpec> options = CommandSpec.forAnnotatedObject(new WatchOptions()).options();

    assertThat(options)
        .allSatisfy(
            option -> assertThat(documented).containsAnyElementsOf(List.of(option.names())));
    assertThat(options.stream().flatMap(option -> Stream.of(option.names())))
        .containsAll(documented);
  }

  @Test
  void keysThatOnlyAStartReads_areKeys() {
    assertThat(Configuration.SHAPE.keys().stream().map(Key::name))
        .containsAll(WatchSettings.READ_AT_START);
  }

  /** Returns the cells of each row of the table: nothing, key, option, meaning. */
  private static Stream<String[]> rows() throws IOException {
    String page = Files.readString(Path.of("../docs/reference/configuration.md"));
    String keys = page.substring(page.indexOf("## Keys"), page.indexOf("## Command line"));
    return keys.lines().filter(line -> line.startsWith("| `")).map(line -> line.split("\\|"));
  }
}
