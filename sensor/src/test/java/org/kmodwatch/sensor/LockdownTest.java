package org.kmodwatch.sensor;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class LockdownTest {

  @Test
  void isOff_goesByTheLevel_andWithoutOneByTheListOfSecurityModules() {
    assertThat(Lockdown.isOff("[none] integrity confidentiality", null)).isTrue();
    assertThat(Lockdown.isOff("none [integrity] confidentiality", "capability,lockdown")).isFalse();
    assertThat(Lockdown.isOff(null, "capability,apparmor,bpf")).isTrue();
    assertThat(Lockdown.isOff(null, "lockdown,capability")).isFalse();
  }

  @Test
  void isOff_isNotSaid_whereNothingCanBeRead() {
    assertThat(Lockdown.isOff(null, null)).isFalse();
  }
}
