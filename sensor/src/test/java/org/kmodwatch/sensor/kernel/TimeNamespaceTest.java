package org.kmodwatch.sensor.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TimeNamespaceTest {

  @TempDir Path proc;

  @Test
  void offset_isThatOfTheClockThatTheProgramsTake() throws IOException {
    offsets("monotonic           7         0\nboottime       864000        15\n");
    assertThat(TimeNamespace.bootOffsetNanos(proc)).isEqualTo(864_000_000_000_015L);

    offsets("monotonic           0         0\nboottime           -2 500000000\n");
    assertThat(TimeNamespace.bootOffsetNanos(proc)).isEqualTo(-1_500_000_000L);
  }

  @Test
  void offset_isZero_onTheHost_andWithoutSuchNamespaces() throws IOException {
    assertThat(TimeNamespace.bootOffsetNanos(proc)).isZero();

    offsets("monotonic           0         0\nboottime            0         0\n");
    assertThat(TimeNamespace.bootOffsetNanos(proc)).isZero();
  }

  @Test
  void offset_isZero_whereTheFileSaysSomethingElse() throws IOException {
    offsets("boottime 99999999999 0\nboottime x 0\n");
    assertThat(TimeNamespace.bootOffsetNanos(proc)).isZero();
  }

  private void offsets(String text) throws IOException {
    Files.createDirectories(proc.resolve("self"));
    Files.writeString(proc.resolve("self/timens_offsets"), text);
  }
}
