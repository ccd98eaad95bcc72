package org.kmodwatch.agent.config;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;

/** Finds the known word that somebody may have meant by an unknown word. */
public final class Nearest {

  private Nearest() {}

  /**
   * Returns the most similar word of {@code known}, if one is similar enough. At most two letters
   * or a third of them may differ (Levenshtein). Upper and lower case, and {@code -} and {@code _},
   * are equal.
   */
  public static Optional<String> to(String word, Collection<String> known) {
    String plain = plain(word);
    return known.stream()
        .filter(candidate -> isNear(plain, plain(candidate)))
        .min(
            Comparator.<String>comparingInt(candidate -> distance(plain, plain(candidate)))
                .thenComparing(Comparator.naturalOrder()));
  }

  /** Returns {@code "; did you mean X?"}, or an empty text. */
  public static String hint(String word, Collection<String> known) {
    return to(word, known).map("; did you mean %s?"::formatted).orElse("");
  }

  private static boolean isNear(String word, String candidate) {
    int longer = Math.max(word.length(), candidate.length());
    int distance = distance(word, candidate);
    return distance < longer && distance <= Math.max(2, longer / 3);
  }

  private static String plain(String word) {
    return word.toLowerCase(Locale.ROOT).replace('_', '-');
  }

  private static int distance(String a, String b) {
    var row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int cost = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
        int best = Math.min(Math.min(row[j] + 1, row[j - 1] + 1), diagonal + cost);
        diagonal = row[j];
        row[j] = best;
      }
    }
    return row[b.length()];
  }
}
