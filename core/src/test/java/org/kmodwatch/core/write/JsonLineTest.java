package org.kmodwatch.core.write;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.function.Consumer;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

@NullMarked
class JsonLineTest {

  @Test
  void line_separatesWhatItIsGiven() {
    assertThat(
            text(
                line(
                    out -> {
                      out.writeStartObject();
                      out.writeNumberProperty("n", -1);
                      out.writeName("a");
                      out.writeStartArray();
                      out.writeStartObject();
                      out.writeEndObject();
                      out.writeNull();
                      out.writeNumber("1e5");
                      out.writeBoolean(true);
                      out.writeStartArray();
                      out.writeEndArray();
                      out.writeEndArray();
                      out.writeStringProperty("s", "");
                      out.writeBooleanProperty("b", false);
                      out.writeEndObject();
                    })))
        .isEqualTo("{\"n\":-1,\"a\":[{},null,1e5,true,[]],\"s\":\"\",\"b\":false}\n");
  }

  @Test
  void string_isEscaped_whereJsonAsksForIt() {
    assertThat(text(line(out -> out.writeString("a\"\\/\b\t\n\f\r\u0000\u001b\u007fz"))))
        .isEqualTo("\"a\\\"\\\\/\\b\\t\\n\\f\\r\\u0000\\u001b\\u007fz\"\n");
  }

  @Test
  void string_isEscaped_whereATerminalWouldDoMoreThanShowIt() {
    // The text has another start of an escape sequence, an override of the reading order, a line
    // end, a tag.
    String text = "\u0080\u009b2J\u202e\u2066\u061c\u2028\ufeff\udb40\udc41\u00a1\u00e9";

    assertThat(text(line(out -> out.writeString(text))))
        .isEqualTo(
            "\"\\u0080\\u009b2J\\u202e\\u2066\\u061c\\u2028\\ufeff\\udb40\\udc41\u00a1\u00e9\"\n");
    assertThat(text(line(out -> out.writeString("\udb40\udc41".repeat(5000)))))
        .hasSize(2 + 5000 * 12 + 1);
  }

  @Test
  void string_isEscaped_whereItHasWhatIsNoCharacter_forWhichJournalctlHidesTheLine() {
    String text = "\ufdd0\ufdef\ufffe\uffff\ud83f\udfff\ufffd";

    assertThat(text(line(out -> out.writeString(text))))
        .isEqualTo("\"\\ufdd0\\ufdef\\ufffe\\uffff\\ud83f\\udfff\ufffd\"\n");
  }

  @Test
  void string_isUtf8_andAnUnpairedSurrogateAnEscape() {
    String text = "\u00e9\u20ac\ud83d\ude00\udcff \ud83d";
    assertThat(text(line(out -> out.writeString(text))))
        .isEqualTo("\"\u00e9\u20ac\ud83d\ude00\\udcff \\ud83d\"\n");
  }

  @Test
  void string_isWhole_whenItIsLongerThanTheBuffer() {
    for (int length = 2_030; length < 2_060; length++) {
      String text = "x".repeat(length) + "\n";
      assertThat(text(line(out -> out.writeString(text))))
          .isEqualTo('"' + "x".repeat(length) + "\\n\"\n");
    }
  }

  @Test
  void line_isTheSame_whenNamesComeAgain_orOthersOfTheirHash() {
    var line = new JsonLine();
    for (String name : new String[] {"Aa", "BB", "Aa", new String("Aa"), "\u00e9\"", "BB"}) {
      line.clear();
      line.writeStartObject();
      line.writeNumberProperty(name, 0);
      line.writeEndObject();
      assertThat(text(line.toBytes())).isEqualTo("{\"" + name.replace("\"", "\\\"") + "\":0}");
    }
  }

  @Test
  void number_isWhatJavaWrites() {
    for (long number :
        new long[] {0, 9, 10, -10, 99_999, Long.MAX_VALUE, -Long.MAX_VALUE, Long.MIN_VALUE}) {
      assertThat(text(line(out -> out.writeNumber(number)))).isEqualTo(number + "\n");
    }
  }

  @Test
  void line_isWhole_afterALongOne() {
    var line = new JsonLine();
    line.writeString("x".repeat(100_000));
    line.clear();
    line.writeString("y");
    line.end();
    assertThat(text(line.toBytes())).isEqualTo("\"y\"\n");
  }

  private static byte[] line(Consumer<JsonLine> content) {
    var line = new JsonLine();
    content.accept(line);
    line.end();
    return line.toBytes();
  }

  private static String text(byte[] bytes) {
    return new String(bytes, UTF_8);
  }
}
