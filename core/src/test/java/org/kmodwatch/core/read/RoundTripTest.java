package org.kmodwatch.core.read;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.kmodwatch.core.builtin.KernelModuleLoading;
import org.kmodwatch.core.event.Argument;
import org.kmodwatch.core.event.ContainerContext;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.KubernetesContext;
import org.kmodwatch.core.event.ProcessContext;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.core.signature.Finding;
import org.kmodwatch.core.testing.EventBuilder;
import org.kmodwatch.core.write.EventWriter;
import org.kmodwatch.core.write.FindingWriter;

@NullMarked
class RoundTripTest {

  private static final long SEED = 1017;

  @Test
  void write_thenRead_givesTheSameEvent() {
    for (int round = 0; round < 1_000; round++) {
      var random = new Random(SEED + round);
      Event event = event(random);
      byte[] line = new EventWriter().toBytes(event);
      Reading reading = Reading.of(line);
      assertThat(reading.badLines()).as("seed=%d", SEED + round).isEmpty();
      assertThat(reading.events()).as("seed=%d", SEED + round).containsExactly(event);
      assertThat(new EventWriter().toBytes(reading.events().getFirst()))
          .as("seed=%d", SEED + round)
          .isEqualTo(line);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"flat.ndjson", "protobuf.ndjson"})
  void read_thenWriteThenRead_givesTheSameEvents(String name) {
    List<Event> events = Reading.of(Reading.resource(name)).events();
    var bytes = new ByteArrayOutputStream();
    events.forEach(event -> bytes.writeBytes(new EventWriter().toBytes(event)));
    assertThat(Reading.of(bytes.toByteArray()).events()).isEqualTo(events);
  }

  @Test
  void write_keepsUnknownKeys_whereTheyWere() {
    String line =
        "{\"timestamp\":1,\"threadStartTime\":2,\"processorId\":3,\"processId\":4,\"threadId\":5,"
            + "\"parentProcessId\":6,\"hostProcessId\":7,\"hostThreadId\":8,"
            + "\"hostParentProcessId\":9,\"cgroupId\":18446744073709551615,\"userId\":10,"
            + "\"mountNamespace\":11,\"pidNamespace\":12,\"processName\":\"c\",\"hostName\":\"h\","
            + "\"executable\":{\"path\":\"/p\",\"new\":1},\"containerId\":\"\","
            + "\"container\":{\"new\":[2,{}]},\"kubernetes\":{\"podSandbox\":true,\"new\":null},"
            + "\"eventId\":\"1\",\"eventName\":\"e\",\"matchedPolicies\":[\"m\"],\"argsNum\":2,"
            + "\"returnValue\":-1,\"syscall\":\"s\",\"stackAddresses\":[18446744073709551615],"
            + "\"contextFlags\":{\"containerStarted\":true,\"isCompat\":true,\"new\":3.50},"
            + "\"threadEntityId\":1,\"processEntityId\":2,\"parentEntityId\":3,"
            + "\"args\":[{\"name\":\"a\",\"type\":\"t\",\"value\":1e5},"
            + "{\"name\":\"b\",\"type\":\"t\",\"value\":null,\"new\":4}],"
            + "\"metadata\":{\"Version\":\"1\"},\"new\":null}\n";
    Event event = Reading.of(line).events().getFirst();
    assertThat(new String(new EventWriter().toBytes(event), UTF_8)).isEqualTo(line);
  }

  @Test
  void write_refuses_whenAnUnknownFieldHasAKnownKey() {
    Event plain = EventBuilder.named("e", null);
    Event odd = plain.withUnknownFields(Map.of("timestamp", Value.of(1)));
    assertThatThrownBy(() -> new EventWriter().toBytes(odd))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("an unknown field has the key of a known one: key=timestamp");
  }

  @Test
  void findingWriter_writesThePeersForm() {
    Event event = EventBuilder.named("init_module", null);
    var finding = new Finding(new KernelModuleLoading().metadata(), event, null);
    String payload = new String(new EventWriter().toBytes(event), UTF_8).strip();
    assertThat(new String(new FindingWriter().toBytes(finding), UTF_8))
        .isEqualTo(
            "{\"Data\":null,\"Event\":{\"Headers\":{\"Selector\":{\"Name\":\"init_module\","
                + "\"Origin\":\"host\",\"Source\":\"tracee\"}},\"Payload\":"
                + payload
                + "},\"SigMetadata\":{\"ID\":\"TRC-1017\",\"Version\":\"1\","
                + "\"Name\":\"Kernel module loading detected\","
                + "\"EventName\":\"kernel_module_loading\",\"Description\":\""
                + finding.metadata().description()
                + "\",\"Tags\":null,\"Properties\":{\"Severity\":2,\"Category\":\"persistence\","
                + "\"Technique\":\"Kernel Modules and Extensions\","
                + "\"Kubernetes_Technique\":\"N/A\","
                + "\"id\":\"attack-pattern--a1b52199-c8c5-438a-9ded-656f1d0888c6\","
                + "\"external_id\":\"T1547.006\"}}}\n");
  }

  @Test
  void read_losesNoNeighbour_whenBytesOfALineAreFlipped() {
    String[] lines =
        (new String(Reading.resource("flat.ndjson"), UTF_8)
                + new String(Reading.resource("protobuf.ndjson"), UTF_8))
            .split("\n", -1);
    byte[] before = "{\"eventName\":\"before\"}\n".getBytes(UTF_8);
    byte[] after = "\n{\"eventName\":\"after\"}".getBytes(UTF_8);
    for (int round = 0; round < 4_000; round++) {
      var random = new Random(SEED + round);
      byte[] line = lines[random.nextInt(lines.length - 1)].getBytes(UTF_8);
      for (int i = 0; i <= random.nextInt(4); i++) {
        byte flipped = (byte) random.nextInt(256);
        line[random.nextInt(line.length)] = flipped;
      }
      var bytes = new ByteArrayOutputStream();
      bytes.writeBytes(before);
      bytes.writeBytes(line);
      bytes.writeBytes(after);
      try {
        List<Event> events = Reading.of(bytes.toByteArray()).events();
        assertThat(events.getFirst().eventName()).isEqualTo("before");
        assertThat(events.getLast().eventName()).isEqualTo("after");
        for (Event event : events) {
          assertThat(Reading.of(new EventWriter().toBytes(event)).events()).containsExactly(event);
        }
      } catch (RuntimeException | Error e) {
        throw new AssertionError("seed=" + (SEED + round), e);
      }
    }
  }

  private static Event event(Random random) {
    return Event.builder("e" + name(random), random.nextLong())
        .process(
            new ProcessContext(
                random.nextLong(),
                random.nextInt(),
                random.nextInt(),
                random.nextInt(),
                random.nextInt(),
                random.nextInt(),
                random.nextInt(),
                random.nextInt(),
                random.nextLong(),
                random.nextLong(1L << 32),
                random.nextLong(1L << 32),
                random.nextLong(1L << 32),
                name(random),
                maybe(random, () -> name(random)),
                maybe(
                    random,
                    () ->
                        new ProcessContext.EntityIds(
                            random.nextLong(1L << 32),
                            random.nextLong(1L << 32),
                            random.nextLong(1L << 32)))))
        .hostName(name(random))
        .container(
            new ContainerContext(
                maybe(random, () -> name(random)),
                maybe(random, () -> name(random)),
                maybe(random, () -> name(random)),
                maybe(random, () -> name(random)),
                maybe(random, () -> name(random))))
        .kubernetes(
            new KubernetesContext(
                maybe(random, () -> name(random)),
                maybe(random, () -> name(random)),
                maybe(random, () -> name(random)),
                maybe(random, random::nextBoolean)))
        .eventId(name(random))
        .matchedPolicies(maybe(random, () -> List.of(name(random), name(random))))
        .returnValue(maybe(random, random::nextLong))
        .syscall(name(random))
        .stackAddresses(maybe(random, () -> List.of(random.nextLong(), -1L)))
        .containerStarted(random.nextBoolean())
        .compat(random.nextBoolean())
        .args(maybe(random, () -> arguments(random)))
        .metadata(maybe(random, () -> new Value.Obj(fields(random, 2))))
        .unknownFields(fields(random, 3))
        .build();
  }

  private static List<Argument> arguments(Random random) {
    var arguments = new ArrayList<Argument>();
    for (int i = random.nextInt(5); i > 0; i--) {
      arguments.add(new Argument(name(random), name(random), value(random, 3)));
    }
    return arguments;
  }

  private static Map<String, Value> fields(Random random, int depth) {
    var fields = new LinkedHashMap<String, Value>();
    for (int i = random.nextInt(4); i > 0; i--) {
      fields.put("x" + name(random), value(random, depth));
    }
    return fields;
  }

  private static Value value(Random random, int depth) {
    return switch (random.nextInt(depth == 0 ? 5 : 7)) {
      case 0 -> Value.NULL;
      case 1 -> Value.of(random.nextBoolean());
      case 2 -> Value.ofUnsigned(random.nextLong());
      case 3 ->
          new Value.Num(
              List.of("-0", "1.50", "1E+400", "123456789012345678901").get(random.nextInt(4)));
      case 4 -> Value.of(name(random));
      case 5 -> new Value.Array(List.of(value(random, depth - 1), value(random, depth - 1)));
      default -> new Value.Obj(fields(random, depth - 1));
    };
  }

  /** Returns a name of a module, a program or a file that is hard to parse. */
  private static String name(Random random) {
    return switch (random.nextInt(9)) {
      case 0 -> "";
      case 1 -> "a b\n\"c\"\\\r\t\u0000\u007f";
      case 2 -> "\uD83D";
      case 3 -> "\uDCFFx\uD83D\uDE00\uD83D";
      case 4 -> "m".repeat(55);
      case 5 -> "\u2028\u2029\uFEFF\uFFFE\uFFFF";
      case 6 -> "}{][,:'`$(reboot)";
      case 7 -> "é漢字😀";
      default -> {
        var text = new StringBuilder();
        for (int i = random.nextInt(20); i > 0; i--) {
          text.append((char) random.nextInt(1 << 16));
        }
        yield text.toString();
      }
    };
  }

  private static <T> @Nullable T maybe(Random random, Supplier<T> value) {
    return random.nextInt(4) == 0 ? null : value.get();
  }
}
