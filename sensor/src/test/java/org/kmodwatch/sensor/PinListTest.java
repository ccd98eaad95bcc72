package org.kmodwatch.sensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.kmodwatch.sensor.kernel.Pin;

class PinListTest {

  private static final PinList LIST =
      new PinList(
          17,
          List.of(
              new Pin("maps/ring_loads", "map id=7 type=27 entries=16777216"),
              new Pin("links/tp_btf-module_load", "link id=3 program=12 hook=module_load")));

  @Test
  void text_isALineForEachPin() {
    assertThat(LIST.text())
        .isEqualTo(
            """
            since 17
            maps/ring_loads map id=7 type=27 entries=16777216
            links/tp_btf-module_load link id=3 program=12 hook=module_load
            """);
  }

  @Test
  void parse_givesTheSameList() {
    assertThat(PinList.parse(LIST.text())).contains(LIST);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "since\n",
        "since 99999999999999999999\n",
        "since 17\nring_loads\n",
        "since 17\nring_loads map id=7\n",
        "since 17\n/etc/passwd map id=7\n",
        "since 17\nmaps/../../etc map id=7\n"
      })
  void parse_givesNothing_ofAnotherText(String text) {
    assertThat(PinList.parse(text)).isEmpty();
  }
}
