package org.kmodwatch.agent.status;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ListenAddressTest {

  @ParameterizedTest
  @CsvSource({
    "9464, 127.0.0.1, 9464, true",
    "127.0.0.2:80, 127.0.0.2, 80, true",
    "0.0.0.0:0, 0.0.0.0, 0, false",
    "10.1.2.3:65535, 10.1.2.3, 65535, false",
    "[::1]:9464, 0:0:0:0:0:0:0:1, 9464, true",
    "[::]:9464, 0:0:0:0:0:0:0:0, 9464, false"
  })
  void parse_isLoopback_unlessAnAddressSaysOtherwise(
      String text, String address, int port, boolean loopback) {
    ListenAddress parsed = ListenAddress.parse(text);
    assertThat(parsed.socket().getAddress().getHostAddress()).isEqualTo(address);
    assertThat(parsed.socket().getPort()).isEqualTo(port);
    assertThat(parsed.isLoopback()).isEqualTo(loopback);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ":9464",
        "65536",
        "localhost:9464",
        "1.2.3.4",
        "1.2.3:80",
        "::1:80",
        "[::1]",
        "[zz]:1",
        "256.1.1.1:80",
        "-1",
        "9464 "
      })
  void parse_refuses(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ListenAddress.parse(text))
        .withMessageContaining("such as 9464, 127.0.0.1:9464 or [::1]:9464");
  }

  @Test
  void parse_quotesWhatWasGiven() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ListenAddress.parse("localhost:9464"))
        .withMessageEndingWith(": localhost:9464");
  }
}
