package org.kmodwatch.core.read;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.scan.ReadOptions;

/** Tests that reading only wanted lines gives the same events as reading all lines. */
@NullMarked
class WantedLinesTest {

  private static final Set<String> NAMES =
      Set.of(
          "init_module",
          "finit_module",
          "module_load",
          "security_kernel_read_file",
          "events_lost",
          "sensor_blind",
          "kernel_module");

  private static final ReadOptions WANTED = ReadOptions.of(NAMES);

  private static final long SEED = 4711;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"eventName\":\"init_module\"}",
        "{ \"eventName\" : \"init_module\" }",
        "{\t\"args\":null,\t\"eventName\":\t\"init_module\"\t}",
        "{\"eventName\":\"\\u0069nit_module\"}",
        "{\"eventName\":\"init\\u005fmodule\"}",
        "{\"eventName\":\"init_modul\\u0065\"}",
        "{\"eventName\":\"init_modul\\u0065\",\"x\":\"\\\\\"}",
        "{\"\\u0065ventName\":\"init_module\"}",
        "{\"name\":\"init_module\",\"workload\":{}}",
        "{\"name\":\"ini\\u0074_module\",\"workload\":{}}",
        "{\"processName\":\"openat\",\"eventName\":\"sensor_blind\"}",
        "{\"eventName\":\"events_lost\",\"hostName\":\"security_file_open\"}",
      })
  void event_isFound_howeverItIsWritten(String line) {
    Reading reading = Reading.of(bytes(other() + line + "\n" + other()), WANTED);

    assertThat(reading.events()).singleElement().matches(e -> NAMES.contains(e.eventName()));
    assertThat(reading.statistics()).isEqualTo(new ReadStatistics(3, 1, 0, 0, 2));
  }

  @Test
  void search_takesTimeByTheLengthOfALine_whenAllOfItIsEscapes() {
    String escapes = "\\u0061".repeat(350_000);
    byte[] lines = bytes(("{\"eventName\":\"x\",\"y\":\"" + escapes + "\"}\n").repeat(2));
    var threads = ManagementFactory.getThreadMXBean();
    long begin = threads.getCurrentThreadCpuTime();

    Reading reading = Reading.of(lines, WANTED);

    assertThat(reading.statistics()).isEqualTo(new ReadStatistics(2, 0, 0, 0, 2));
    assertThat(Duration.ofNanos(threads.getCurrentThreadCpuTime() - begin))
        .isLessThan(Duration.ofSeconds(10));
  }

  @Test
  void event_isNotWanted_whenItOnlyMentionsTheName() {
    String line =
        "{\"eventName\":\"openat\",\"args\":[{\"name\":\"pathname\",\"type\":\"string\",\"value\":"
            + "\"init_module\"}]}\n";

    assertThat(Reading.of(bytes(line), WANTED).statistics())
        .isEqualTo(new ReadStatistics(1, 0, 0, 0, 1));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "garbage",
        "{\"eventName\":\"openat\"",
        "\"eventName\":\"openat\"}",
        "{\"eventName\":\"openat\"}}{",
        "[{}]",
        "{\"eventName\":\"init_module\",}",
        "{\"eventName\":\"init_module\",\"eventName\":\"openat\"}",
        "{\"Event\":{\"Payload\":{\"eventName\":\"init_module\"}},\"SigMetadata\":{}}",
      })
  void line_isTold_whenItIsNoObjectOrSpeaksOfAModule(String line) {
    Reading reading = Reading.of(bytes(other() + line + "\r\n" + other()), WANTED);

    assertThat(reading.badLines()).singleElement().asString().startsWith("rec:2: ");
    assertThat(reading.statistics()).isEqualTo(new ReadStatistics(3, 0, 1, 0, 2));
  }

  @Test
  void line_isToldOnlyWithEveryLine_whenItLooksLikeAnObjectOfNoModule() {
    byte[] line = bytes("{this is no JSON}\n");

    assertThat(Reading.of(line, WANTED).badLines()).isEmpty();
    assertThat(Reading.of(line, WANTED.withEveryLine()).badLines())
        .singleElement()
        .asString()
        .startsWith("rec:1: not valid JSON at character 2: ");
  }

  @Test
  void name_thatCannotBeSearchedFor_hasEveryLineRead() {
    ReadOptions options = ReadOptions.of(Set.of("ab", "a\"b"));

    assertThat(Reading.of(bytes("{no}\n{\"eventName\":\"a\\\"b\"}\n"), options).statistics())
        .isEqualTo(new ReadStatistics(2, 1, 1, 0, 0));
  }

  @Test
  void recordings_giveTheSameEvents_byEachWayOfReading() throws IOException {
    for (int round = 0; round < 60; round++) {
      var random = new Random(SEED + round);
      byte[] recording = recording(random);

      Oracle oracle = Oracle.of(recording);
      Reading every = Reading.of(recording, WANTED.withEveryLine());
      Reading wanted = Reading.of(dripping(recording, random), WANTED);

      assertThat(every.events()).as("seed=%d", SEED + round).isEqualTo(oracle.events);
      assertThat(wanted.events()).as("seed=%d", SEED + round).isEqualTo(oracle.events);
      assertThat(every.statistics().lines()).isEqualTo(oracle.lines);
      assertThat(wanted.statistics().lines()).isEqualTo(oracle.lines);
      assertThat(wanted.statistics().blankLines()).isEqualTo(every.statistics().blankLines());
      assertThat(every.badLines()).as("seed=%d", SEED + round).containsAll(wanted.badLines());
    }
  }

  /**
   * Reads the lines in the simplest way: it splits at newlines, and the JSON parser reads each
   * line.
   */
  private static final class Oracle {
    final List<Event> events = new ArrayList<>();
    long lines;

    static Oracle of(byte[] recording) {
      var oracle = new Oracle();
      int start = 0;
      while (start < recording.length) {
        int end = start;
        while (end < recording.length && recording[end] != '\n') {
          end++;
        }
        oracle.take(Arrays.copyOfRange(recording, start, end));
        start = end + 1;
      }
      return oracle;
    }

    private void take(byte[] line) {
      lines++;
      try {
        Event event = LineParser.parse(line, 0, line.length).getFirst();
        if (NAMES.contains(event.eventName())) {
          events.add(event);
        }
      } catch (BadLineException e) {
        // The line is not an event.
      }
    }
  }

  /** Returns some hundred lines: most are not wanted, some are damaged. */
  private static byte[] recording(Random random) {
    List<String> sources = new ArrayList<>();
    for (String name : List.of("flat.ndjson", "protobuf.ndjson", "mixed.ndjson")) {
      sources.addAll(List.of(new String(Reading.resource(name), UTF_8).split("\n", -1)));
    }
    String ending = random.nextInt(3) == 0 ? "\r\n" : "\n";
    var out = new ByteArrayOutputStream();
    for (int i = random.nextInt(900); i >= 0; i--) {
      int kind = random.nextInt(40);
      String line = kind < 25 ? other() : sources.get(random.nextInt(sources.size()));
      byte[] bytes = bytes(line.strip());
      if (kind >= 36 && bytes.length > 0) {
        damage(bytes, random);
      }
      out.writeBytes(kind == 30 ? Arrays.copyOf(bytes, bytes.length / 2) : bytes);
      out.writeBytes(bytes(ending));
    }
    return out.toByteArray();
  }

  private static void damage(byte[] bytes, Random random) {
    for (int i = random.nextInt(4); i >= 0; i--) {
      int at = random.nextInt(bytes.length);
      // The changed bytes are neighbours of the bytes that the search looks for, and any others.
      byte[] likely = {'\n', 0x0B, '\\', ']', '{', '|', '}', '"', 'u', 'd', 'e', 0, (byte) 0x8A};
      bytes[at] =
          random.nextBoolean() ? likely[random.nextInt(likely.length)] : (byte) random.nextInt();
    }
  }

  /** Returns a stream whose reads have random lengths. */
  private static InputStream dripping(byte[] bytes, Random random) {
    return new ByteArrayInputStream(bytes) {
      @Override
      public synchronized int read(byte[] into, int offset, int length) {
        return super.read(into, offset, Math.min(length, 1 + random.nextInt(40_000)));
      }
    };
  }

  private static String other() {
    return "{\"timestamp\":1,\"processName\":\"x\",\"eventName\":\"openat\",\"args\":[]}\n";
  }

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }
}
