package org.kmodwatch.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class PerformancePageTest {

  @Test
  void replaced_putsTheTableBetweenItsMarks_andLeavesTheRest() {
    assertThat(PerformancePage.replaced("1<!-- bench:a -->old<!-- /bench -->2", "a", "| new |\n"))
        .isEqualTo("1<!-- bench:a -->\n\n| new |\n\n<!-- /bench -->2");
  }

  @Test
  void replaced_saysWhatToAdd_whenThePageHasNoPlace() {
    assertThatThrownBy(() -> PerformancePage.replaced("# P\n", "a", "t"))
        .isInstanceOf(BenchException.class)
        .hasMessage(
            "the page has no place for the table; add the two lines <!-- bench:a --> and <!--"
                + " /bench -->");
  }

  @Test
  void thePage_hasAPlaceForEveryMeasurement() throws IOException {
    String page = Files.readString(Path.of("../docs/reference/performance.md"));

    for (Measurement each : Measurements.ALL) {
      assertThat(PerformancePage.replaced(page, each.name(), "t")).contains("\n\nt\n\n");
    }
  }

  @Test
  void toMarkdown_saysWhetherATargetWasReached() {
    Figures figures =
        new Figures.Builder()
            .add("one", "1 s")
            .add("two", "2 s", "at most 3 s", true)
            .add("three", "4 s", "at most 3 s", false)
            .build();

    assertThat(figures.toMarkdown())
        .isEqualTo(
            """
            | what | figure | to reach | reached |
            |---|---|---|---|
            | one | 1 s |  |  |
            | two | 2 s | at most 3 s | yes |
            | three | 4 s | at most 3 s | **no** |
            """);
  }
}
