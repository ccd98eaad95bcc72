package org.kmodwatch.core.builtin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@NullMarked
class AliasPatternsTest {

  @Test
  void match_takesTheExactOne_thenTheLongestPrefix() {
    var patterns =
        AliasPatterns.parse(
            "l", List.of("# c", "", "a-* any", "a-b-* longer", "\ta-b-c  exact one "));
    assertThat(patterns.match("a-b-c")).contains(new AliasPatterns.Entry("a-b-c", "exact one"));
    assertThat(patterns.match("a-b-d")).contains(new AliasPatterns.Entry("a-b-*", "longer"));
    assertThat(patterns.match("a-x")).contains(new AliasPatterns.Entry("a-*", "any"));
    assertThat(patterns.match("a-")).isPresent();
    assertThat(patterns.match("a")).isEmpty();
    assertThat(patterns.match("")).isEmpty();
  }

  @Test
  void match_takesDashAndUnderscoreForOne_asModprobeDoes() {
    var patterns = AliasPatterns.parse("l", List.of("a-b_c x"));
    assertThat(patterns.match("a_b-c")).isPresent();
  }

  @ParameterizedTest
  @CsvSource({
    "a-b, l line 2: no reason after the pattern: pattern=a-b",
    "* all, l line 2: the pattern matches everything: pattern=*",
    "a*b x, l line 2: * may only be the pattern's last character: pattern=a*b",
    "a** x, l line 2: * may only be the pattern's last character: pattern=a**",
    "k_1 x, l line 2: the pattern is there twice: pattern=k_1",
  })
  void parse_saysWhatIsWrongAndWhere(String line, String message) {
    assertThatThrownBy(() -> AliasPatterns.parse("l", List.of("k-1 known", line)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(message);
  }

  @Test
  void ofResource_namesAMissingList() {
    assertThatThrownBy(() -> AliasPatterns.ofResource("none.txt"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("the list of aliases is not in the jar: resource=none.txt");
  }
}
