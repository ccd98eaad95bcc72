package org.kmodwatch.agent;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumSet;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.kmodwatch.agent.output.OutputFormat;
import org.kmodwatch.agent.settings.OutputOptions;

/** What is a finding in one output is one in all of them, however the event says what it reads. */
@NullMarked
class SameFindingsTest {

  private static final EnumSet<OutputFormat> WITHOUT_FINDINGS =
      EnumSet.of(OutputFormat.EVENTS, OutputFormat.NONE);

  /** The value of {@code type} as JSON, its declared type, and whether it is a module's. */
  static Stream<Arguments> forms() {
    return Stream.of(
        Arguments.of("\"kernel-module\"", "string", true),
        Arguments.of("\"kernel-module-compressed\"", "string", true),
        Arguments.of("2", "int32", true),
        Arguments.of("2", "string", true),
        Arguments.of("7", "int32", false),
        Arguments.of("1", "int", false),
        Arguments.of("\"unknown(2)\"", "string", false),
        Arguments.of("\"kernel-modules\"", "string", false),
        Arguments.of("\"firmware\"", "string", false),
        Arguments.of("null", "string", false),
        Arguments.of("[2]", "int32", false));
  }

  @ParameterizedTest
  @MethodSource("forms")
  void finding_isInEveryOutput_orInNone(String value, String type, boolean module) {
    List<String> words = OutputOptions.words();
    assertThat(words).hasSizeGreaterThan(8);
    for (String word : words) {
      if (OutputFormat.ofWord(word).filter(WITHOUT_FINDINGS::contains).isPresent()) {
        continue;
      }
      String out = new Cli().withInput(event(value, type)).run("replay", "-o", word, "-").out();

      // The table has a row for what is no finding too; each of the others is silent then.
      assertThat(out.contains("odd.ko"))
          .as("-o %s of type %s %s:%n%s", word, type, value, out)
          .isEqualTo(module);
    }
  }

  private static byte[] event(String value, String type) {
    return """
    {"timestamp":1764500000000000000,"processId":7,"threadId":7,"hostProcessId":7,"hostThreadId":7,\
    "userId":0,"processName":"insmod","hostName":"a","eventId":"1","eventName":\
    "security_kernel_read_file","argsNum":2,"returnValue":0,"args":[{"name":"pathname","type":\
    "const char*","value":"/tmp/odd.ko"},{"name":"type","type":"%s","value":%s}]}
    """
        .formatted(type, value)
        .getBytes(UTF_8);
  }
}
