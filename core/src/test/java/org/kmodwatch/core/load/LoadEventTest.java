package org.kmodwatch.core.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.kmodwatch.core.event.Argument;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.core.testing.EventBuilder;

@NullMarked
final class LoadEventTest {

  @ParameterizedTest
  @CsvSource({
    "security_kernel_read_file, kernel-module, true",
    "security_kernel_post_read_file, kernel-module, true",
    "security_kernel_load_data, kernel-module, true",
    "security_kernel_read_file, firmware, false",
    "security_kernel_load_data, firmware, false",
    "security_kernel_post_load_data, firmware, false",
  })
  void read_isPartOfALoad_whenItIsOfAModule(String name, String type, boolean expected) {
    assertThat(LoadEvent.isPartOfALoad(read(name, type))).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "init_module",
        "finit_module",
        "delete_module",
        "init_module_return",
        "module_coming",
        "module_load",
        "module_init",
        "kernel_module"
      })
  void event_isPartOfALoad(String name) {
    assertThat(LoadEvent.isPartOfALoad(EventBuilder.named(name, List.of()))).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"module_request", "attempts_suppressed", "sensor_blind", "openat"})
  void event_isNoPartOfALoad(String name) {
    assertThat(LoadEvent.isPartOfALoad(EventBuilder.named(name, List.of()))).isFalse();
  }

  @Test
  void read_ofAnUnknownKind_saysWhy() {
    assertThat(LoadEvent.of(EventBuilder.named("security_kernel_read_file", List.of())))
        .isEqualTo(new LoadEvent.Unrelated("argument type is missing"));
  }

  @Test
  void call_isOverdue_untilItHasAResult() {
    Call call = Call.init(10, 0).unreturned().returns(0);

    assertThat(LoadEvent.of(call.events.getFirst())).isInstanceOf(LoadEvent.CallOverdue.class);
    assertThat(LoadEvent.of(call.events.getLast())).isInstanceOf(LoadEvent.CallReturned.class);
  }

  private static Event read(String name, String type) {
    return EventBuilder.named(name, List.of(new Argument("type", "const char*", Value.of(type))));
  }
}
