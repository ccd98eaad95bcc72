package org.kmodwatch.core.read;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.kmodwatch.core.event.Event;

@NullMarked
class FlatLinesTest {

  private static final long SEED = 815;

  private static final String ORDINARY =
      "{\"timestamp\":1763848800123456789,\"threadStartTime\":1763848790000000001,"
          + "\"processorId\":1,\"processId\":4211,\"cgroupId\":5678,\"threadId\":4211,"
          + "\"parentProcessId\":4200,\"hostProcessId\":4211,\"hostThreadId\":4211,"
          + "\"hostParentProcessId\":4200,\"userId\":1000,\"mountNamespace\":4026531841,"
          + "\"pidNamespace\":4026531836,\"processName\":\"insmod\","
          + "\"executable\":{\"path\":\"/usr/bin/kmod\"},\"hostName\":\"wren\","
          + "\"containerId\":\"c1\",\"container\":{\"id\":\"c1\",\"name\":\"web\",\"image\":\"i\","
          + "\"imageDigest\":\"d\"},\"kubernetes\":{\"podName\":\"p\",\"podNamespace\":\"n\","
          + "\"podUID\":\"u\",\"podSandbox\":true},\"eventId\":\"105\","
          + "\"eventName\":\"init_module\",\"matchedPolicies\":[\"a\",\"b\"],\"argsNum\":3,"
          + "\"returnValue\":-129,\"syscall\":\"init_module\","
          + "\"stackAddresses\":[18446744071579755520,0],"
          + "\"contextFlags\":{\"containerStarted\":true,\"isCompat\":false},"
          + "\"threadEntityId\":2871105217,\"processEntityId\":0,\"parentEntityId\":7,"
          + "\"args\":[{\"name\":\"umod\",\"type\":\"trace.Pointer\",\"value\":140213770403856},"
          + "{\"name\":\"len\",\"type\":\"uint64\",\"value\":18446744073709551615},"
          + "{\"name\":\"list\",\"type\":\"x\",\"value\":[true,null,{\"a\":-1,\"b\":\"\"}]},"
          + "{\"name\":\"param_values\",\"type\":\"string\",\"value\":null}],\"metadata\":null}";

  @Test
  void read_givesTheEventOfTheJsonParser_whenTheLineIsOrdinary() {
    assertThat(fast(ORDINARY)).isNotNull().isEqualTo(slow(ORDINARY));
  }

  @Test
  void read_takesKeysInAnyOrder() {
    String line =
        "{\"args\":[],\"eventName\":\"e\",\"eventId\":7,\"timestamp\":-9223372036854775807}";
    assertThat(fast(line)).isNotNull().isEqualTo(slow(line));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"eventName\":\"e\",\"new\":1}",
        "{\"eventName\":\"e\",\"timestamp\":1,\"timestamp\":1}",
        "{\"eventName\":\"e\",\"timestamp\":1.0}",
        "{\"eventName\":\"e\",\"timestamp\":01}",
        "{\"eventName\":\"e\",\"timestamp\":9223372036854775808}",
        "{\"eventName\":\"e\",\"timestamp\":19223372036854775807}",
        "{\"eventName\":\"e\",\"timestamp\":\"1\"}",
        "{\"eventName\":\"e\",\"processId\":2147483648}",
        "{\"eventName\":\"e\",\"userId\":-1}",
        "{\"eventName\":\"e\",\"cgroupId\":18446744073709551616}",
        "{\"eventName\":\"\\u0065\"}",
        "{\"eventName\":\"\u00e9\"}",
        "{\"eventName\":\"\"}",
        "{\"timestamp\":1}",
        "{ \"eventName\":\"e\"}",
        "{\"eventName\":\"e\",\"containerId\":\"a\",\"container\":{\"id\":\"b\"}}",
        "{\"eventName\":\"e\",\"args\":[{\"type\":\"t\"}]}",
        "{\"eventName\":\"e\",\"eventId\":",
        "{\"eventName\":\"e\"",
        "{\"eventName\":\"e\"}}",
        "{}",
        "",
      })
  void read_leavesALineToTheJsonParser_whenAnythingIsUnusual(String line) {
    assertThat(fast(line)).isNull();
  }

  @Test
  void read_neverDiffersFromTheJsonParser_whenLinesAreDamaged() {
    List<String> lines = new ArrayList<>(List.of(ORDINARY));
    lines.addAll(List.of(new String(Reading.resource("flat.ndjson"), UTF_8).split("\n", -1)));
    lines.addAll(List.of(new String(Reading.resource("mixed.ndjson"), UTF_8).split("\n", -1)));
    var random = new Random(SEED);
    int read = 0;
    for (int round = 0; round < 40_000; round++) {
      byte[] line = lines.get(random.nextInt(lines.size())).getBytes(UTF_8);
      if (line.length > 0) {
        String sample = "0123456789-.eE\"\\,:{}[]ntf x";
        for (int i = random.nextInt(3); i > 0; i--) {
          line[random.nextInt(line.length)] = (byte) sample.charAt(random.nextInt(sample.length()));
        }
      }
      Event event = new FlatLines().read(line, 0, line.length);
      if (event != null) {
        read++;
        assertThat(event).as("seed=%d round=%d", SEED, round).isEqualTo(slow(line));
      }
    }
    assertThat(read).as("lines that were ordinary in spite of the damage").isGreaterThan(1_000);
  }

  private static @Nullable Event fast(String line) {
    byte[] bytes = line.getBytes(UTF_8);
    return new FlatLines().read(bytes, 0, bytes.length);
  }

  private static Event slow(String line) {
    return slow(line.getBytes(UTF_8));
  }

  private static Event slow(byte[] line) {
    return LineParser.parse(line, 0, line.length).getFirst();
  }
}
