package org.kmodwatch.core.text;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class BeginningsTest {

  private static final String FACE = "\uD83D\uDE00";

  @Test
  void textThatFits_staysAsItIs() {
    assertThat(Beginnings.of("ab" + FACE, 4)).isEqualTo("ab" + FACE);
    assertThat(Beginnings.of("", 0)).isEmpty();
  }

  @Test
  void longerText_isCut_beforeACharacterOfTwoHalves() {
    assertThat(Beginnings.of("abcd", 3)).isEqualTo("abc");
    assertThat(Beginnings.of("ab" + FACE, 3)).isEqualTo("ab");
    assertThat(Beginnings.of(FACE + "ab", 2)).isEqualTo(FACE);
    assertThat(Beginnings.of(FACE, 1)).isEmpty();
    assertThat(Beginnings.of("a", 0)).isEmpty();
  }
}
