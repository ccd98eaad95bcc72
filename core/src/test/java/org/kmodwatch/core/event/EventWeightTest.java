package org.kmodwatch.core.event;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class EventWeightTest {

  private static final int LENGTH = 100_000;
  private static final String LONG = "x".repeat(LENGTH);

  /**
   * Lists the places of an event that can hold a text of any length, in a recording of any origin.
   */
  enum Place {
    SOURCE,
    PROCESS_NAME,
    EXECUTABLE,
    HOST_NAME,
    CONTAINER_ID,
    CONTAINER_NAME,
    CONTAINER_IMAGE,
    CONTAINER_IMAGE_DIGEST,
    CONTAINER_RUNTIME,
    POD_NAME,
    POD_NAMESPACE,
    POD_UID,
    EVENT_ID,
    EVENT_NAME,
    MATCHED_POLICY,
    SYSCALL,
    ARGUMENT_NAME,
    ARGUMENT_TYPE,
    ARGUMENT,
    METADATA,
    UNKNOWN_FIELD,
    UNKNOWN_VALUE,
    SENSORS_UNKNOWN_FIELD
  }

  @ParameterizedTest
  @EnumSource
  void text_isCounted_whereverItStands(Place place) {
    assertThat(EventWeight.of(withLongTextAt(place))).isGreaterThan(LENGTH);
  }

  @Test
  void addressesOfTheStack_areCounted() {
    assertThat(EventWeight.of(event(null, Collections.nCopies(1000, 1L)))).isGreaterThan(8000);
  }

  @Test
  void ordinaryEvent_weighsNoMoreThanItsObjects() {
    assertThat(EventWeight.of(event(null, null))).isBetween(500L, 1500L);
  }

  private static Event withLongTextAt(Place place) {
    return event(place, null);
  }

  private static Event event(@Nullable Place place, @Nullable List<Long> stack) {
    var unknown = new LinkedHashMap<String, Value>();
    unknown.put(at(place, Place.UNKNOWN_FIELD), Value.of(at(place, Place.UNKNOWN_VALUE)));
    unknown.put(
        SensorContext.KEY,
        new Value.Obj(Map.of("later", Value.of(at(place, Place.SENSORS_UNKNOWN_FIELD)))));
    SensorContexts.readOnce(unknown);
    return Event.builder(at(place, Place.EVENT_NAME), 1)
        .source(at(place, Place.SOURCE))
        .process(
            new ProcessContext(
                0,
                0,
                1,
                1,
                0,
                1,
                1,
                0,
                0,
                0,
                0,
                0,
                at(place, Place.PROCESS_NAME),
                at(place, Place.EXECUTABLE),
                null))
        .hostName(at(place, Place.HOST_NAME))
        .container(
            new ContainerContext(
                at(place, Place.CONTAINER_ID),
                at(place, Place.CONTAINER_NAME),
                at(place, Place.CONTAINER_IMAGE),
                at(place, Place.CONTAINER_IMAGE_DIGEST),
                at(place, Place.CONTAINER_RUNTIME)))
        .kubernetes(
            new KubernetesContext(
                at(place, Place.POD_NAME),
                at(place, Place.POD_NAMESPACE),
                at(place, Place.POD_UID),
                null))
        .eventId(at(place, Place.EVENT_ID))
        .matchedPolicies(List.of(at(place, Place.MATCHED_POLICY)))
        .syscall(at(place, Place.SYSCALL))
        .stackAddresses(stack)
        .args(
            List.of(
                new Argument(
                    at(place, Place.ARGUMENT_NAME),
                    at(place, Place.ARGUMENT_TYPE),
                    Value.of(at(place, Place.ARGUMENT)))))
        .metadata(Value.of(at(place, Place.METADATA)))
        .unknownFields(unknown)
        .build();
  }

  private static String at(@Nullable Place place, Place here) {
    return place == here ? LONG : "s";
  }
}
