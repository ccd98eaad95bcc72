package org.kmodwatch.core.builtin;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A list of module aliases, each with the reason why the list has it.
 *
 * <p>Each line has a pattern, then white space, then the reason. A pattern is an alias in the form
 * in which the kernel asks modprobe for it. {@code *} at its end matches any text. The list ignores
 * empty lines and lines that begin with {@code #}. As for modprobe, {@code -} and {@code _} are the
 * same character.
 */
final class AliasPatterns {

  private final Map<String, Entry> exact = new HashMap<>();
  private final Map<String, Entry> prefixes = new LinkedHashMap<>();

  private AliasPatterns() {}

  /**
   * Holds a line of the list.
   *
   * @param pattern the pattern as written
   * @param why the reason
   */
  record Entry(String pattern, String why) {}

  /**
   * Reads the resource {@code name} from this class's package.
   *
   * @throws IllegalArgumentException if a line of it is wrong
   * @throws IllegalStateException if the jar does not have the resource
   */
  static AliasPatterns ofResource(String name) {
    try (InputStream in = AliasPatterns.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException("the list of aliases is not in the jar: resource=" + name);
      }
      return parse(name, new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList());
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the list of aliases: resource=" + name, e);
    }
  }

  /**
   * Parses {@code lines}.
   *
   * @param name the list's name in messages
   * @throws IllegalArgumentException if a line is wrong; the message has its number
   */
  static AliasPatterns parse(String name, List<String> lines) {
    var patterns = new AliasPatterns();
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).strip();
      if (!line.isEmpty() && !line.startsWith("#")) {
        try {
          patterns.add(line);
        } catch (IllegalArgumentException e) {
          throw new IllegalArgumentException(
              "%s line %d: %s".formatted(name, i + 1, e.getMessage()), e);
        }
      }
    }
    return patterns;
  }

  /** Returns the entry that matches {@code alias}: the exact one, else the longest prefix. */
  Optional<Entry> match(String alias) {
    String folded = folded(alias);
    Entry found = exact.get(folded);
    if (found != null) {
      return Optional.of(found);
    }
    return prefixes.entrySet().stream()
        .filter(e -> folded.startsWith(e.getKey()))
        .max(Map.Entry.comparingByKey())
        .map(Map.Entry::getValue);
  }

  private void add(String line) {
    int end = 0;
    while (end < line.length() && !Character.isWhitespace(line.charAt(end))) {
      end++;
    }
    String pattern = line.substring(0, end);
    String why = line.substring(end).strip();
    if (why.isEmpty()) {
      throw new IllegalArgumentException("no reason after the pattern: pattern=" + pattern);
    }
    int star = pattern.indexOf('*');
    if (star == 0) {
      throw new IllegalArgumentException("the pattern matches everything: pattern=" + pattern);
    }
    if (star >= 0 && star < pattern.length() - 1) {
      throw new IllegalArgumentException(
          "* may only be the pattern's last character: pattern=" + pattern);
    }
    Map<String, Entry> into = star < 0 ? exact : prefixes;
    String key = folded(star < 0 ? pattern : pattern.substring(0, star));
    if (into.putIfAbsent(key, new Entry(pattern, why)) != null) {
      throw new IllegalArgumentException("the pattern is there twice: pattern=" + pattern);
    }
  }

  private static String folded(String alias) {
    return alias.replace('_', '-');
  }
}
