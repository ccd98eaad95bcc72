package org.kmodwatch.sensor.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PinsTest {

  @ParameterizedTest
  @CsvSource({
    "fentry/__x64_sys_init_module, 0, fentry-__x64_sys_init_module",
    "fentry/__x64_sys_init_module, 1, fentry-__x64_sys_init_module+1",
    "tp_btf/module_load, 0, tp_btf-module_load",
    "fentry.s/__x64_sys_init_module, 0, 'fentry,s-__x64_sys_init_module'",
  })
  void name_isOneThatTheBpfFileSystemTakes_andLeadsBackToTheSection(
      String section, int before, String name) {
    assertThat(Pins.nameOf(section, before)).isEqualTo(name).doesNotContain(".", "/");
    assertThat(Pins.sectionOf(name)).isEqualTo(section);
  }
}
