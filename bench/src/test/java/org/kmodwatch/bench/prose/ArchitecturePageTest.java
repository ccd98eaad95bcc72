package org.kmodwatch.bench.prose;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Compares the names in docs/architecture.md with the code. */
class ArchitecturePageTest {

  private static final Path ROOT = Path.of("..");

  private static final Pattern CLASS = Pattern.compile("`([A-Z][A-Za-z0-9]+)`");

  /** Matches a row of the table of packages: layer, package, job, class. */
  private static final Pattern PACKAGE_OF_AGENT =
      Pattern.compile("(?m)^\\| \\d+ \\| `([a-z]+)` \\|");

  private static final Pattern PACKAGE =
      Pattern.compile("(?m)^\\| `((?:core|image|sensor|history)[.a-z0-9]*)` \\| .* \\| `");

  /** Matches a node of the picture of the packages. */
  private static final Pattern NODE = Pattern.compile("(?m)^ +p_[a-z0-9_]+\\[\"([a-z0-9.]+)\"]$");

  @Test
  void everyClass_exists() throws IOException {
    Set<String> classes =
        sources("core", "image", "sensor", "history", "agent", "lab", "bench")
            .map(file -> file.getFileName().toString().replace(".java", ""))
            .collect(Collectors.toSet());

    assertThat(names(CLASS)).hasSizeGreaterThan(50);
    assertThat(classes).containsAll(names(CLASS));
  }

  @Test
  void everyPackage_isNamed() throws IOException {
    assertThat(names(PACKAGE_OF_AGENT)).isEqualTo(packages("agent"));
    assertThat(names(PACKAGE)).isEqualTo(packages("core", "image", "sensor", "history"));
  }

  @Test
  void thePicture_hasEveryPackage() throws IOException {
    var expected = new TreeSet<String>(packages("core", "image", "sensor", "history"));
    packages("agent").forEach(name -> expected.add("agent." + name));
    expected.add("agent");

    assertThat(names(NODE)).isEqualTo(expected);
  }

  private static Set<String> names(Pattern pattern) throws IOException {
    return pattern
        .matcher(Files.readString(ROOT.resolve("docs/architecture.md")))
        .results()
        .map((MatchResult name) -> name.group(1))
        .collect(Collectors.toSet());
  }

  /**
   * Returns the packages; those of agent are without the module's name and without the top package.
   */
  private static Set<String> packages(String... modules) throws IOException {
    Path organisation = Path.of("src/main/java/org/kmodwatch");
    return sources(modules)
        .map(Path::getParent)
        .map(folder -> ROOT.relativize(folder))
        .map(folder -> folder.getName(0).resolve(organisation).relativize(folder).toString())
        .map(name -> name.replace('/', '.').replaceFirst("^agent\\.?", ""))
        .filter(name -> !name.isEmpty() && !name.equals("core"))
        .collect(Collectors.toSet());
  }

  private static Stream<Path> sources(String... modules) throws IOException {
    Stream<Path> all = Stream.empty();
    for (String module : modules) {
      try (Stream<Path> files = Files.walk(ROOT.resolve(module).resolve("src/main/java"))) {
        all =
            Stream.concat(
                all, files.filter(file -> file.toString().endsWith(".java")).toList().stream());
      }
    }
    return all;
  }
}
