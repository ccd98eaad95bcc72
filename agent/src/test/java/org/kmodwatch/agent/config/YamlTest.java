package org.kmodwatch.agent.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.api.Test;

class YamlTest {

  private final Problems problems = new Problems();

  @Test
  void aliases_areCountedAsWhatTheyStandFor() {
    var text = new StringBuilder("k0: &b0 [x,x,x]\n");
    for (int i = 1; i < 16; i++) {
      text.append("k%d: &b%d [*b%d,*b%d,*b%d]\n".formatted(i, i, i - 1, i - 1, i - 1));
    }

    assertThat(read(text.toString())).isEmpty();
    assertThat(problems.all())
        .singleElement()
        .hasToString(
            "k.yaml: too many values, each alias counted as what it stands for: limit=100000");
  }

  @Test
  void aliases_areTaken_whenTheyStandForLittle() {
    assertThat(read("one: &a [x, y]\nother: *a\n")).isPresent();
    assertThat(problems.all()).isEmpty();
  }

  @Test
  void listsInLists_areRefused_whenTheyAreTooDeep() {
    for (String opening : new String[] {"[", "{a: ", "- ", "? "}) {
      var found = new Problems();

      assertThat(Yaml.parse(opening.repeat(100_000), "k.yaml", found))
          .as("%s again and again", opening)
          .isEmpty();
      assertThat(found.all()).singleElement().asString().contains("nested too deeply: limit=32");
    }
  }

  @Test
  void listThatHoldsItself_isRefused() {
    read("a: &a [*a]");

    assertThat(problems.all()).singleElement().asString().contains("nested too deeply: limit=32");
  }

  private Optional<Tree> read(String text) {
    return Yaml.parse(text, "k.yaml", problems);
  }
}
