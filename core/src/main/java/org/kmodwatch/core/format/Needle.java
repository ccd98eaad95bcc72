package org.kmodwatch.core.format;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Three characters that stand in some of the names that are searched for, and hardly anywhere else
 * in a recording.
 */
final class Needle {

  static final int LENGTH = 3;

  /** Where the character that ends it stands, from where it begins. */
  static final int ENDING = 4;

  private static final long ONES = 0x0101_0101_0101_0101L;

  /** Rare ones are last: the letters by how often English has them, then what identifiers have. */
  private static final String BY_FREQUENCY = "etaoinsrhdlucmfywgpbvkxqjz_";

  private final String text;
  private final List<Place> places;

  private final long[] spread;
  private final long[] spreadEndings;

  /** By byte: whether one of the places has it as its ending, or ends before. */
  private final boolean[] endings = new boolean[256];

  private Needle(String text, List<Place> places) {
    this.text = text;
    this.places = List.copyOf(places);
    this.spread = text.chars().mapToLong(c -> c * ONES).toArray();
    boolean haveEndings =
        places.stream().allMatch(place -> place.offset() + ENDING < place.quoted().length);
    this.spreadEndings =
        haveEndings
            ? places.stream()
                .mapToLong(place -> place.quoted()[place.offset() + ENDING] * ONES)
                .distinct()
                .toArray()
            : new long[0];
    Arrays.fill(endings, !haveEndings);
    for (long ending : spreadEndings) {
      endings[(int) (ending & 0xFF)] = true;
    }
  }

  /** The three characters. */
  String text() {
    return text;
  }

  /** Where they stand in which of the names. */
  List<Place> places() {
    return places;
  }

  /** Each of the three, eight times in a row. */
  long[] spread() {
    return spread;
  }

  /**
   * What the places have four characters from where the needle begins, each eight times in a row;
   * nothing if one of them ends before.
   */
  long[] spreadEndings() {
    return spreadEndings;
  }

  /** Whether one of the places may have this byte as its ending. */
  boolean mayEndWith(byte b) {
    return endings[b & 0xFF];
  }

  /**
   * Where the needle stands in a name.
   *
   * @param quoted the name between quotes, as JSON has it, in bytes
   * @param offset of the needle in it
   */
  @SuppressWarnings("ArrayRecordComponent") // Compared by nobody; one look-up a hit.
  record Place(byte[] quoted, int offset) {}

  /**
   * A few needles of which each of {@code names} has at least one: again and again the one that
   * most of the names left have, and of those the rarest.
   *
   * @throws IllegalArgumentException if a name is shorter than a needle, or not ASCII letters,
   *     digits and signs that JSON writes as they are
   */
  static List<Needle> of(Set<String> names) {
    Set<String> left = new TreeSet<>(names);
    var needles = new ArrayList<Needle>();
    while (!left.isEmpty()) {
      String best = best(left);
      needles.add(new Needle(best, places(best, left)));
      left.removeIf(name -> name.contains(best));
    }
    return List.copyOf(needles);
  }

  /** Whether names like this one can be searched for. */
  static boolean canFind(String name) {
    return name.length() >= LENGTH
        && name.chars().allMatch(c -> c > ' ' && c < 0x7F && c != '"' && c != '\\');
  }

  private static String best(Set<String> names) {
    Set<String> candidates = new LinkedHashSet<>();
    for (String name : names) {
      for (int i = 0; i + LENGTH <= name.length(); i++) {
        candidates.add(name.substring(i, i + LENGTH));
      }
    }
    return candidates.stream()
        .max(
            Comparator.comparingLong(
                    (String text) -> names.stream().filter(name -> name.contains(text)).count())
                .thenComparingInt(Needle::rarity)
                .thenComparing(Comparator.naturalOrder()))
        .orElseThrow(() -> new IllegalArgumentException("no name is long enough: names=" + names));
  }

  private static int rarity(String text) {
    return text.chars()
        .map(BY_FREQUENCY::indexOf)
        .map(i -> i < 0 ? BY_FREQUENCY.length() : i)
        .sum();
  }

  private static List<Place> places(String text, Set<String> names) {
    var places = new ArrayList<Place>();
    for (String name : names) {
      String quoted = '"' + name + '"';
      for (int at = quoted.indexOf(text); at >= 0; at = quoted.indexOf(text, at + 1)) {
        places.add(new Place(quoted.getBytes(ISO_8859_1), at));
      }
    }
    return places;
  }
}
