package org.kmodwatch.bench.prose;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Checks plain English: the length of sentences, and words that have a better alternative. The text
 * has no markup: {@link Markdown} removes it from pages. A reader of javadoc or messages may use
 * this class too.
 */
final class Prose {

  static final int MAX_WORDS = 25;
  static final int MAX_CELL_WORDS = 20;

  /** Matches the end of a sentence: a full stop before a text that begins like a sentence. */
  private static final Pattern END =
      Pattern.compile("(?<=[.!?]|[.!?][\"')])\\s+(?=[\"'(]?[\\p{Lu}\\d" + Markdown.CODE + "…])");

  private static final Pattern WORD_CHARACTER =
      Pattern.compile("[\\p{L}\\p{N}" + Markdown.CODE + "]");

  /** Lists the expressions that are not allowed, each with its replacement. */
  private static final Map<Pattern, String> BANNED = banned();

  private Prose() {}

  /** Returns the faults of a paragraph, in order; empty if there are none. */
  static List<String> faults(String paragraph) {
    List<String> faults = new ArrayList<>();
    for (String sentence : sentences(paragraph)) {
      int words = words(sentence);
      if (words > MAX_WORDS) {
        faults.add("%d words, at most %d: %s".formatted(words, MAX_WORDS, sentence));
      }
      faults.addAll(expressions(sentence));
    }
    return faults;
  }

  /** Returns the faults of a table cell, whose sentences count as one. */
  static List<String> faultsOfCell(String cell) {
    List<String> faults = new ArrayList<>();
    int words = words(cell);
    if (words > MAX_CELL_WORDS) {
      faults.add("%d words in a cell, at most %d: %s".formatted(words, MAX_CELL_WORDS, cell));
    }
    faults.addAll(expressions(cell));
    return faults;
  }

  static List<String> sentences(String paragraph) {
    return Arrays.stream(END.split(paragraph))
        .map(String::strip)
        .filter(s -> !s.isEmpty())
        .toList();
  }

  static int words(String text) {
    return (int)
        Arrays.stream(text.split("\\s+"))
            .filter(word -> WORD_CHARACTER.matcher(word).find())
            .count();
  }

  private static List<String> expressions(String sentence) {
    List<String> faults = new ArrayList<>();
    BANNED.forEach(
        (pattern, instead) -> {
          Matcher matcher = pattern.matcher(sentence);
          if (matcher.find()) {
            faults.add("\"%s\" (%s): %s".formatted(matcher.group(), instead, sentence));
          }
        });
    return faults;
  }

  private static Map<Pattern, String> banned() {
    Map<Pattern, String> banned = new LinkedHashMap<>();
    banned.put(word("told|tells? of|telling"), "report, say");
    banned.put(word("handed? on|hands on|handing on"), "pass, deliver");
    banned.put(word("spoke|speaks?"), "match, raise");
    banned.put(word("the peer|peer's"), "Tracee");
    banned.put(word("whoever"), "a process, a user, anyone who");
    banned.put(word("that which|(?:but|of|with|for|as) what"), "a noun");
    banned.put(word("as ever"), "as before, always");
    banned.put(word("but for"), "except");
    banned.put(word("for want of"), "because there is no");
    banned.put(word("lets? go"), "release");
    banned.put(word("stands? still|stood still|standing still"), "stall");
    banned.put(word("anew"), "again");
    banned.put(word("can be had|is to be had"), "is available");
    banned.put(word("in truth|in force|before all|of no moment|none of one"), "plain words");
    banned.put(word("ring somebody"), "page");
    banned.put(word("of (?:ours|yours)"), "our, your");
    banned.put(word("takes? for|taken for"), "treat as");
    banned.put(word("(?:come|comes|came) to nothing"), "fail, have no result");
    banned.put(word("gets? round|got round"), "avoid");
    banned.put(word("e\\.g\\.|i\\.e\\.|etc\\."), "for example, that is");
    banned.put(Pattern.compile("^(?:What|Who)\\b(?=.*[.:;]$)"), "begin with a noun");
    return banned;
  }

  private static Pattern word(String alternatives) {
    return Pattern.compile(
        "(?<![\\w-])(?:" + alternatives + ")(?![\\w-])", Pattern.CASE_INSENSITIVE);
  }
}
