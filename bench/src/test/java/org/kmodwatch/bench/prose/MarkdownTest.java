package org.kmodwatch.bench.prose;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class MarkdownTest {

  private static final String LONG =
      "The agent " + "reads the ring again and ".repeat(5) + "then stops.";

  @Test
  void faults_areEmpty_whenSentencesArePlain() {
    assertThat(
            Markdown.faults(
                """
                # Sinks

                A sink has its own queue. `watch` retries at most
                **every** 60 s, see [sinks](a/b.md).

                - It drops nothing silently.

                | key | meaning |
                |---|---|
                | `type` | the kind of sink |
                """))
        .isEmpty();
  }

  @Test
  void faults_nameTheSentence_whenItIsTooLong() {
    assertThat(Markdown.faults("# Head\n\nShort. " + LONG.replace("again", "again\n")))
        .hasSize(1)
        .first()
        .asString()
        .startsWith("3: 29 words, at most 25: The agent reads");
  }

  @Test
  void faults_nameTheCell_whenItIsTooLong() {
    assertThat(Markdown.faults("| a | " + "word ".repeat(21) + "|"))
        .singleElement()
        .asString()
        .startsWith("1: 21 words in a cell, at most 20: word");
  }

  @Test
  void faults_nameTheExpression_whenItIsBanned() {
    assertThat(Markdown.faults("Each load is told once."))
        .containsExactly("1: \"told\" (report, say): Each load is told once.");
    assertThat(Markdown.faults("What is not sent waits."))
        .containsExactly("1: \"What\" (begin with a noun): What is not sent waits.");
    assertThat(Markdown.faults("What does it cost?")).isEmpty();
  }

  @Test
  void faults_nameTheLine_whenItIsTooWide() {
    assertThat(Markdown.faults("x".repeat(101))).containsExactly("1: more than 100 columns");
    assertThat(Markdown.faults("[x](" + "y".repeat(101) + ")")).isEmpty();
  }

  @Test
  void faults_leaveOutCodeAndMeasurements() {
    assertThat(
            Markdown.faults(
                """
                It prints:

                    restart: 5 of 5 told

                ```
                told
                ```

                <!-- bench:a -->

                | told |

                <!-- /bench -->
                """
                    + "\n    "
                    + "x".repeat(101)))
        .isEmpty();
  }
}
