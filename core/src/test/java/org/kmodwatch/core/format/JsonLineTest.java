package org.kmodwatch.core.format;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

@NullMarked
class JsonLineTest {

  @Test
  void line_separatesWhatItIsGiven() {
    assertThat(
            text(
                JsonLine.of(
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
    assertThat(text(JsonLine.of(out -> out.writeString("a\"\\/\b\t\n\f\r\u0000\u001b\u007fz"))))
        .isEqualTo("\"a\\\"\\\\/\\b\\t\\n\\f\\r\\u0000\\u001b\u007fz\"\n");
  }

  @Test
  void string_isUtf8_andAnUnpairedSurrogateAnEscape() {
    String text = "\u00e9\u20ac\ud83d\ude00\udcff \ud83d";
    assertThat(text(JsonLine.of(out -> out.writeString(text))))
        .isEqualTo("\"\u00e9\u20ac\ud83d\ude00\\udcff \\ud83d\"\n");
  }

  @Test
  void string_isWhole_whenItIsLongerThanTheBuffer() {
    for (int length = 2_030; length < 2_060; length++) {
      String text = "x".repeat(length) + "\n";
      assertThat(text(JsonLine.of(out -> out.writeString(text))))
          .isEqualTo('"' + "x".repeat(length) + "\\n\"\n");
    }
  }

  private static String text(byte[] bytes) {
    return new String(bytes, UTF_8);
  }
}
