package org.kmodwatch.agent.output;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PlainTextTest {

  @Test
  void escape_keepsOrdinaryText() {
    assertThat(PlainText.escape("/lib/modules/6.1/größe 模块.ko"))
        .isEqualTo("/lib/modules/6.1/größe 模块.ko");
  }

  @Test
  void escape_writesControlCharactersOut() {
    assertThat(PlainText.escape("a\nb\rc\td\u001b[2Je\u0000f\u007fg\u009bh"))
        .isEqualTo("a\\nb\\rc\\td\\x1b[2Je\\x00f\\x7fg\\x9bh");
  }

  @Test
  void escape_doublesBackslashes_soThatNoEscapeCanBeForged() {
    assertThat(PlainText.escape("a\\nb")).isEqualTo("a\\\\nb");
  }

  @Test
  void escape_writesOutWhatTurnsTheReadingOrderOrIsInvisible() {
    assertThat(PlainText.escape("a\u202eb\u2066c\u200bd\u2028e\u0301f\ufefF"))
        .isEqualTo("a\\x{202e}b\\x{2066}c\\x{200b}d\\x{2028}e\\x{301}f\\x{feff}");
  }

  @Test
  void escape_writesHalvesOfPairsOut() {
    assertThat(PlainText.escape("a\ud800b")).isEqualTo("a\\x{d800}b");
  }
}
