package org.kmodwatch.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class FlameGraphTest {

  @Test
  void draw_makesEachFrameAsWideAsItsShare_andPutsSmallOnesTogether() {
    var tree = new StackTree("all");
    tree.add(List.of("org.kmodwatch.A.run", "java.util.List.<init>"), 500);
    tree.add(List.of("org.kmodwatch.A.run"), 250);
    tree.add(List.of("x.B.c"), 244);
    for (int i = 0; i < 3; i++) {
      tree.add(List.of("x.Small" + i + ".c"), 2);
    }

    assertThat(FlameGraph.draw("T & t", tree))
        .contains(">T &amp; t</text>")
        .contains("<title>org.kmodwatch.A.run 75.0 %</title><rect x=\"0.0\" y=\"-34\"")
        .contains("width=\"900.0\"")
        .contains("<title>java.util.List.&lt;init&gt; 50.0 %</title><rect x=\"0.0\" y=\"-51\"")
        .contains(">List.&lt;init&gt;</text>")
        .contains("<title>(small ones) 0.6 %</title>")
        .doesNotContain("Small1");
  }

  @Test
  void own_leavesOutWhatWasCalled() {
    var tree = new StackTree("all");
    tree.add(List.of("a", "b"), 3);
    tree.add(List.of("a"), 2);

    assertThat(tree.own()).isEqualTo(Map.of("all", 0L, "a", 2L, "b", 3L));
  }
}
