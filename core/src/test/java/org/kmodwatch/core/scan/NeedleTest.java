package org.kmodwatch.core.scan;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

@NullMarked
class NeedleTest {

  @Test
  void needles_areInEachName() {
    Set<String> names = Set.of("init_module", "module_load", "events_lost", "abc", "a_b_c");

    List<Needle> needles = Needle.of(names);

    assertThat(names)
        .allSatisfy(name -> assertThat(needles).anyMatch(needle -> name.contains(needle.text())));
  }

  @Test
  void needles_areFew_andRare() {
    assertThat(Needle.of(Set.of("init_module", "finit_module", "module_load")))
        .extracting(Needle::text)
        .containsExactly("dul");
  }

  @Test
  void canFind_refusesWhatJsonMayWriteInAnotherWay() {
    assertThat(Needle.canFind("init_module")).isTrue();
    assertThat(Needle.canFind("ab")).isFalse();
    assertThat(Needle.canFind("a\"bc")).isFalse();
    assertThat(Needle.canFind("a\\bc")).isFalse();
    assertThat(Needle.canFind("a\u00e9c")).isFalse();
    assertThat(Needle.canFind("a bc")).isFalse();
  }
}
