package org.kmodwatch.bench.prose;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Checks that the sentences of README, docs, CONTRIBUTING and SECURITY are in plain English. */
class PagesTest {

  private static final Path ROOT = Path.of("..");

  /** Matches a link within the tree: a file, and a heading in it. */
  private static final Pattern LINK =
      Pattern.compile("\\]\\((?![a-z]+:)([^)#\\s]*)(?:#([^)\\s]+))?\\)");

  /** Lists the pages outside docs. */
  private static final List<String> ALONE =
      List.of(
          "README.md",
          "CONTRIBUTING.md",
          "SECURITY.md",
          "core/src/test/resources/recordings/README.md");

  @Test
  void pages_havePlainSentences() throws IOException {
    List<String> faults = new ArrayList<>();
    for (Path page : pages()) {
      Markdown.faults(Files.readString(page))
          .forEach(fault -> faults.add(name(page) + ":" + fault));
    }
    assertThat(faults).isEmpty();
  }

  @Test
  void page_fails_whenABadSentenceIsPlanted() throws IOException {
    String page = Files.readString(ROOT.resolve("README.md"));

    assertThat(Markdown.faults(page + "\nEach load is told once.\n"))
        .hasSize(Markdown.faults(page).size() + 1)
        .last()
        .asString()
        .endsWith("Each load is told once.");
  }

  @Test
  void readme_fitsThreeScreens() throws IOException {
    assertThat(Files.readAllLines(ROOT.resolve("README.md"))).hasSizeLessThanOrEqualTo(120);
  }

  @Test
  void links_leadToAFile_andToAHeadingOfIt() throws IOException {
    List<String> broken = new ArrayList<>();
    for (Path page : pages()) {
      Matcher link = LINK.matcher(Files.readString(page));
      while (link.find()) {
        Path target = link.group(1).isEmpty() ? page : page.resolveSibling(link.group(1));
        if (!Files.exists(target)
            || (link.group(2) != null && !anchors(target).contains(link.group(2)))) {
          broken.add(name(page) + ": " + link.group());
        }
      }
    }
    assertThat(broken).isEmpty();
  }

  private static List<Path> pages() throws IOException {
    List<Path> pages = new ArrayList<>();
    for (String name : ALONE) {
      pages.add(ROOT.resolve(name));
    }
    try (Stream<Path> docs = Files.walk(ROOT.resolve("docs"))) {
      docs.filter(file -> file.toString().endsWith(".md")).sorted().forEach(pages::add);
    }
    return pages;
  }

  /** Returns the headings of a page in the form of link targets. */
  private static Set<String> anchors(Path page) throws IOException {
    return Files.readAllLines(page).stream()
        .filter(line -> line.startsWith("#"))
        .map(line -> line.replaceFirst("#+ ", "").toLowerCase(Locale.ROOT))
        .map(line -> line.replaceAll("[^\\w\\- ]", "").replace(' ', '-'))
        .collect(Collectors.toSet());
  }

  private static String name(Path page) {
    return ROOT.relativize(page).toString();
  }
}
