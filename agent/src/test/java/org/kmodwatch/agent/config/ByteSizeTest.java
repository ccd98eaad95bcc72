package org.kmodwatch.agent.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class ByteSizeTest {

  @ParameterizedTest
  @CsvSource({"0, 0", "65536, 65536", "64K, 65536", "512m, 536870912", "3G, 3221225472"})
  void size_isInPowersOf1024(String text, long bytes) {
    assertThat(new ByteSize.Converter().convert(text).bytes()).isEqualTo(bytes);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "64MB", "-1", "1.5G", "G", "99999999999999"})
  void anythingElse_isWrong(String text) {
    assertThatThrownBy(() -> new ByteSize.Converter().convert(text))
        .isInstanceOf(TypeConversionException.class)
        .hasMessage("not a size, such as 512M or 2G: " + text);
  }
}
