package org.kmodwatch.sensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.kmodwatch.core.event.Event;

class RehearsalTest {

  @Test
  void start_needsNoPrivilege() {
    assertThatCode(Rehearsal::start).doesNotThrowAnyException();
  }

  @Test
  void load_isAWholeOne_withTheImage() {
    var module = new byte[2 * ChunkLayout.BYTES + 1];
    var images = new ArrayList<CapturedImage.Bytes>();

    List<Event> events =
        Rehearsal.load(
            module,
            (event, image) -> {
              images.add(image.passed());
              return event;
            });

    assertThat(events)
        .extracting(Event::eventName)
        .containsExactly(
            "security_kernel_read_file",
            "security_kernel_post_read_file",
            "module_image",
            "module_coming",
            "module_load",
            "finit_module");
    assertThat(images)
        .singleElement()
        .satisfies(
            image -> {
              assertThat(image.complete()).isTrue();
              assertThat(image.sizeBytes()).isEqualTo(module.length);
            });
  }
}
