package org.kmodwatch.core.read;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.DateTimeException;
import java.time.Instant;
import java.util.OptionalLong;
import java.util.Random;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@NullMarked
class Rfc3339Test {

  private static final long SEED = 20261125;

  @Test
  void nanos_areWhatJavaReads_whateverTheTime() {
    var random = new Random(SEED);
    for (int i = 0; i < 20_000; i++) {
      long nanos =
          random.nextLong(Instant.parse("2261-12-31T00:00:00Z").getEpochSecond()) * 1_000_000_000L;
      nanos += random.nextInt(4) == 0 ? 0 : random.nextLong(1_000_000_000L);
      String text = Instant.ofEpochSecond(0, nanos).toString();

      assertThat(Rfc3339.nanos(text)).as("seed=%d text=%s", SEED, text).hasValue(nanos);
    }
  }

  @Test
  void nanos_haveAFractionOfAnyLength() {
    assertThat(Rfc3339.nanos("1970-01-01T00:00:01.5Z")).hasValue(1_500_000_000L);
    assertThat(Rfc3339.nanos("1970-01-02T00:00:00.000000001Z")).hasValue(86_400_000_000_001L);
  }

  /** Changes every single character: the parser agrees with Java, or leaves the text to Java. */
  @Test
  void nanos_areNeverOtherThanJavas() {
    String time = "2024-02-29T23:59:59.123456789Z";
    for (int i = 0; i < time.length(); i++) {
      for (char c = ' '; c < 0x7F; c++) {
        String text = time.substring(0, i) + c + time.substring(i + 1);
        OptionalLong nanos = Rfc3339.nanos(text);
        if (nanos.isPresent()) {
          assertThat(nanos.getAsLong()).as(text).isEqualTo(byJava(text));
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "Z",
        "2025-11-17",
        "2025-11-17T10:00:00",
        "2025-11-17T10:00:00.Z",
        "2025-11-17T10:00:00.1234567890Z",
        "2025-11-17T10:00:00+01:00",
        "2025-02-29T10:00:00Z",
        "2025-11-17T24:00:00Z",
        "2025-11-17T23:59:60Z",
        "1969-12-31T23:59:59Z",
        "2262-01-01T00:00:00Z",
        "+2025-11-17T10:00:00Z",
        "2025-11-17t10:00:00z"
      })
  void nanos_areEmpty_forWhatIsNotOrdinary(String text) {
    assertThat(Rfc3339.nanos(text)).isEmpty();
  }

  private static long byJava(String text) {
    try {
      Instant instant = Instant.parse(text);
      return instant.getEpochSecond() * 1_000_000_000L + instant.getNano();
    } catch (DateTimeException notATime) {
      throw new AssertionError("not a time to Java: " + text, notATime);
    }
  }
}
