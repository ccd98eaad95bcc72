package org.kmodwatch.core.scan;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Three characters that occur in some of the names searched for, and hardly anywhere else in a
 * recording.
 */
public final class Needle {

  static final int LENGTH = 3;

  /** The offset that the ending character has from the needle's beginning. */
  static final int ENDING = 4;

  private static final long ONES = 0x0101_0101_0101_0101L;

  /**
   * Letters by their frequency in English, then other characters of identifiers. Rare ones are
   * last.
   */
  private static final String BY_FREQUENCY = "etaoinsrhdlucmfywgpbvkxqjz_";

  private final String text;
  private final List<Place> places;

  private final long[] spread;
  private final long[] spreadEndings;

  /**
   * Whether a place can have this byte as its ending, by byte. All are true if a place has no
   * ending.
   */
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

  /** Returns the three characters. */
  String text() {
    return text;
  }

  /** Returns the places of the needle in the names. */
  List<Place> places() {
    return places;
  }

  /** Returns a long for each of the three characters, which repeats it eight times. */
  long[] spread() {
    return spread;
  }

  /**
   * Returns a long for each different ending of the places, which repeats it eight times. Returns
   * an empty array if one place has no ending.
   */
  long[] spreadEndings() {
    return spreadEndings;
  }

  /** Returns whether one of the places may have this byte as its ending. */
  boolean mayEndWith(byte b) {
    return endings[b & 0xFF];
  }

  /**
   * Locates the needle in a name.
   *
   * @param quoted the name between quotes, as JSON has it, in bytes
   * @param offset offset of the needle in {@code quoted}
   */
  @SuppressWarnings("ArrayRecordComponent") // Never compared; one look-up for each hit.
  record Place(byte[] quoted, int offset) {}

  /**
   * Returns a few needles, so that each of {@code names} contains at least one. In each step it
   * chooses the needle that most of the remaining names contain, and among those the rarest.
   *
   * @throws IllegalArgumentException if a name is shorter than a needle. Each name must satisfy
   *     {@link #canFind}
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

  /** Returns whether a search for this name is possible. */
  public static boolean canFind(String name) {
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
