package org.kmodwatch.core.read;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.kmodwatch.core.event.Argument;
import org.kmodwatch.core.event.ContainerContext;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.KubernetesContext;
import org.kmodwatch.core.event.ProcessContext;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.core.scan.ReadOptions;
import org.kmodwatch.core.write.EventWriter;

@NullMarked
class EventReaderTest {

  private static final String LINE = "{\"eventName\":\"init_module\"}\n";

  @Test
  void read_keepsEverything_whenTheLineIsFlat() {
    Event event = Reading.of(Reading.resource("flat.ndjson")).events().get(1);
    assertThat(event)
        .isEqualTo(
            Event.builder("init_module", 1763848800123456789L)
                .source("tracee")
                .process(
                    new ProcessContext(
                        1763848790000000001L,
                        3,
                        4211,
                        4211,
                        4200,
                        4211,
                        4211,
                        4200,
                        -1,
                        0,
                        4026531841L,
                        4026531836L,
                        "insmod",
                        "/usr/bin/kmod",
                        new ProcessContext.EntityIds(2871105217L, 2871105217L, 190177354L)))
                .hostName("wren")
                .eventId("105")
                .matchedPolicies(List.of("modules"))
                .returnValue(-129L)
                .syscall("init_module")
                .stackAddresses(
                    List.of(Long.parseUnsignedLong("18446744071579755520"), 140213770403856L))
                .args(
                    List.of(
                        new Argument("module_image", "void*", Value.of(140213770403856L)),
                        new Argument("len", "u64", new Value.Num("18446744073709551615")),
                        new Argument("param_values", "const char*", Value.of("a=1 b=\"two\""))))
                .build());
  }

  @Test
  void read_makesTheSameEvent_whenTheLineIsProtobuf() {
    Event event = Reading.of(Reading.resource("protobuf.ndjson")).events().get(2);
    assertThat(event.timestampNanos()).isEqualTo(1763848800123456789L);
    assertThat(event.eventId()).isEqualTo("733");
    assertThat(event.matchedPolicies()).containsExactly("modules");
    assertThat(event.returnValue()).isZero();
    assertThat(event.syscall()).isEqualTo("finit_module");
    assertThat(event.containerStarted()).isTrue();
    assertThat(event.compat()).isTrue();
    assertThat(event.process())
        .isEqualTo(
            new ProcessContext(
                1763848790000000001L,
                0,
                11,
                11,
                10,
                4211,
                4211,
                4200,
                0,
                1000,
                0,
                0,
                "insmod",
                "/usr/bin/kmod",
                new ProcessContext.EntityIds(2871105217L, 2871105217L, 190177354L)));
    assertThat(event.container())
        .isEqualTo(new ContainerContext("c0ffee", "edge", "alpine:3.22", "sha256:aa", null));
    assertThat(event.kubernetes()).isEqualTo(new KubernetesContext("edge-0", "prod", "e1", null));
    assertThat(event.args())
        .containsExactly(
            new Argument("pathname", "str", Value.of("/root/dummy.ko")),
            new Argument("dev", "u_int32", Value.of(8388609)),
            new Argument("inode", "u_int64", new Value.Num("18446744073709551615")),
            new Argument("type", "str", Value.of("kernel-module")),
            new Argument("ctime", "u_int64", Value.of(1763848000000000000L)));
    assertThat(event.unknownFields()).containsOnlyKeys("threat", "workload");
  }

  @Test
  void read_keepsDataAsItIs_whenItsKindIsUnknown() {
    Event event =
        Reading.of(
                """
                {"name":"e","workload":{},"args":1,"data":[{"name":"a","later":{"x":1}},{"name":"b"},\
                {"name":"c","str":"s","more":1},{"name":"d","int64":"no"},{"name":"e","bool":true}]}
                """)
            .events()
            .getFirst();
    assertThat(event.args())
        .containsExactly(
            new Argument("a", "later", new Value.Obj(Map.of("x", Value.of(1)))),
            new Argument("b", "", Value.NULL),
            new Argument("c", "", new Value.Obj(Map.of("str", Value.of("s"), "more", Value.of(1)))),
            new Argument("d", "int64", Value.of("no")),
            new Argument("e", "bool", Value.of(true)));
    assertThat(event.unknownFields()).isEqualTo(Map.of("protobuf.args", Value.of(1)));
  }

  @Test
  void read_takesTheOlderKeys_whenTheNewerAreAbsent() {
    Event event =
        Reading.of(
                """
                {"eventName":"e","eventId":7,"containerId":"c","containerName":"n","containerImage":"i",\
                "podName":"p","podNamespace":"s","podUID":"u","container":{"name":"other"}}
                """)
            .events()
            .getFirst();
    assertThat(event.eventId()).isEqualTo("7");
    assertThat(event.container()).isEqualTo(new ContainerContext("c", "other", "i", null, null));
    assertThat(event.kubernetes()).isEqualTo(new KubernetesContext("p", "s", "u", null));
    assertThat(event.unknownFields()).isEqualTo(Map.of("containerName", Value.of("n")));
  }

  @ParameterizedTest
  @CsvSource({"flat,8,8,0,0", "protobuf,5,5,0,0", "mixed,10,3,5,2"})
  void read_countsEachLine(String name, long lines, long events, long bad, long blank) {
    assertThat(Reading.of(Reading.resource(name + ".ndjson")).statistics())
        .isEqualTo(new ReadStatistics(lines, events, bad, blank, 0));
  }

  @Test
  void read_saysWhatIsWrong_whenLinesAreBad() {
    assertThat(Reading.of(Reading.resource("mixed.ndjson")).badLines())
        .hasSize(5)
        .satisfies(
            lines -> {
              assertThat(lines.get(0))
                  .startsWith("rec:4: not valid JSON at character 1: Unrecognized token 'not': ");
              assertThat(lines.get(1))
                  .startsWith(
                      "rec:5: not valid JSON at character 202: Unexpected end-of-input in property"
                          + " name");
            })
        .endsWith(
            "rec:6: not an event: no eventName, no name with a workload, no ID of laurel, no rule"
                + " of Falco",
            "rec:7: not a JSON object",
            "rec:8: processId is not a signed 64-bit number but the string \"4211\"");
  }

  static Stream<Arguments> badFields() {
    return Stream.of(
        Arguments.of("{\"eventName\":3}", "eventName is not a string but the number 3"),
        Arguments.of("{\"eventName\":null}", "eventName is missing"),
        Arguments.of("{\"eventName\":\"\"}", "eventName is missing"),
        Arguments.of(
            "{\"eventName\":\"e\",\"eventName\":\"f\"}", "a key is there twice: key=eventName"),
        Arguments.of("{\"eventName\":\"e\"} {}", "something follows the JSON object"),
        Arguments.of(
            "{\"eventName\":\"e\",\"processId\":2147483648}",
            "processId does not fit 32 bits: value=2147483648"),
        Arguments.of(
            "{\"eventName\":\"e\",\"cgroupId\":-1}",
            "cgroupId is not an unsigned 64-bit number but the number -1"),
        Arguments.of(
            "{\"eventName\":\"e\",\"timestamp\":1e400000000}",
            "timestamp is not a signed 64-bit number but the number 1e400000000"),
        Arguments.of(
            "{\"eventName\":\"e\",\"stackAddresses\":[1,\"x\"]}",
            "stackAddresses[1] is not an unsigned 64-bit number but the string \"x\""),
        Arguments.of(
            "{\"eventName\":\"e\",\"container\":{\"id\":true}}",
            "container.id is not a string but true"),
        Arguments.of("{\"eventName\":\"e\",\"args\":{}}", "args is not a list but an object"),
        Arguments.of(
            "{\"eventName\":\"e\",\"args\":[{\"name\":\"a\"},{}]}", "args[1].name is missing"),
        Arguments.of(
            "{\"eventName\":\"e\",\"args\":[3]}", "args[0] is not an object but the number 3"),
        Arguments.of(
            "{\"name\":\"e\",\"workload\":{\"process\":{\"thread\":{\"tid\":\"1\"}}}}",
            "workload.process.thread.tid is not a signed 64-bit number but the string \"1\""),
        Arguments.of(
            "{\"name\":\"e\",\"workload\":{},\"timestamp\":\"9999-01-01T00:00:00Z\"}",
            "timestamp is not a time as in RFC 3339 but the string \"9999-01-01T00:00:00Z\""),
        Arguments.of(
            "{\"SigMetadata\":{},\"Event\":{}}",
            "a finding, not an event: what it was raised on is under Event.Payload"),
        Arguments.of(
            "{\"eventName\":\"e\",\"x\":" + "[".repeat(600), "nested deeper than 500 levels"));
  }

  @ParameterizedTest
  @MethodSource("badFields")
  void read_namesTheField_whenItIsWrong(String line, String reason) {
    Reading reading = Reading.of(LINE + line + "\n" + LINE);
    assertThat(reading.badLines()).containsExactly("rec:2: " + reason);
    assertThat(reading.events()).hasSize(2);
  }

  @Test
  void read_takesTheLine_whenItIsUnusualButSound() {
    assertThat(Reading.of("\uFEFF" + LINE).events()).hasSize(1);
    assertThat(Reading.of("\uFEFF\r\n" + LINE.strip()).statistics())
        .isEqualTo(new ReadStatistics(2, 1, 0, 1, 0));
    assertThat(Reading.of(LINE.strip() + "\r\n \t\r\n").statistics())
        .isEqualTo(new ReadStatistics(2, 1, 0, 1, 0));
    assertThat(Reading.of("").statistics()).isEqualTo(new ReadStatistics(0, 0, 0, 0, 0));
    Event event =
        Reading.of("{\"eventName\":\"e\",\"timestamp\":1.5e3,\"hostName\":\"a\u0000b\"}")
            .events()
            .getFirst();
    assertThat(event.timestampNanos()).isEqualTo(1500);
    assertThat(event.hostName()).isEqualTo("a\u0000b");
  }

  @Test
  void read_keepsTheBytes_whenTheyAreNotUtf8() {
    byte[] line =
        "{\"eventName\":\"e\",\"hostName\":\"a\u00ff\u00c3\u00a9\u00ed\u00a0\u0080\"}\n"
            .getBytes(ISO_8859_1);
    Event event = Reading.of(line).events().getFirst();
    assertThat(event.hostName()).isEqualTo("a\uDCFF\u00e9\uDCED\uDCA0\uDC80");
    assertThat(Reading.of(new EventWriter().toBytes(event)).events()).containsExactly(event);
  }

  @Test
  void read_passesOverALine_whenItIsTooLong() {
    String exact = "{\"eventName\":\"" + "x".repeat(84) + "\"}";
    assertThat(exact).hasSize(100);
    Reading reading =
        Reading.of(
            (exact + "\n " + exact + "\n" + "y".repeat(300_000) + "\n" + exact).getBytes(UTF_8),
            new ReadOptions(100));
    assertThat(reading.badLines())
        .containsExactly("rec:2: longer than 100 bytes", "rec:3: longer than 100 bytes");
    assertThat(reading.events()).hasSize(2);
  }

  @Test
  @Timeout(60)
  void read_tellsOfALine_whoseEndNeverComes() {
    var endless =
        new InputStream() {
          @Override
          public int read() {
            return 'x';
          }

          @Override
          public int read(byte[] buffer, int offset, int length) {
            Arrays.fill(buffer, offset, offset + length, (byte) 'x');
            return length;
          }
        };
    var handler =
        new EventHandler() {
          @Override
          public void onEvent(Event event) {}

          @Override
          public void onBadLine(BadLine line) {
            throw new IllegalStateException(line.toString());
          }
        };

    assertThatThrownBy(() -> EventReader.read(endless, "rec", new ReadOptions(1000), handler))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("rec:1: longer than 1000 bytes");
  }

  @Test
  void read_takesALongLine_whenItIsWithinTheLimit() {
    String line =
        "{\"eventName\":\"e\",\"x\":\"" + "z".repeat(9 << 20) + "\",\"n\":" + "1".repeat(99_999);
    Event event = Reading.of(line + "}").events().getFirst();
    assertThat(event.unknownFields()).containsOnlyKeys("x", "n");
    assertThat(Reading.of(new EventWriter().toBytes(event)).events()).containsExactly(event);
  }

  @Test
  void read_throwsWithFileAndLine_whenTheDeviceFails() {
    InputStream in =
        new SequenceInputStream(
            new ByteArrayInputStream(LINE.getBytes(UTF_8)),
            new InputStream() {
              @Override
              public int read() throws IOException {
                throw new IOException("Input/output error");
              }

              @Override
              public int read(byte[] buffer, int offset, int length) throws IOException {
                return read();
              }
            });
    assertThatThrownBy(() -> Reading.of(in, ReadOptions.DEFAULT))
        .isInstanceOf(IOException.class)
        .hasMessage("cannot read on: file=rec line=2 reason=Input/output error");
  }
}
