package org.kmodwatch.agent.host;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The content of /proc/modules and /sys/module at one time. A place that cannot be read shows no
 * module, and no module counts as missing from it.
 *
 * <p>Names are raw: each byte is one character. The kernel accepts any byte but NUL in a name and
 * prints it unchanged. So a name with a newline looks like two lines, and one of these may look
 * like a line of another module. Therefore known names with a space, a comma or a newline are
 * recognised as a whole: at the beginning of a module's line and in the list of modules that use
 * it.
 *
 * @param entries the entries of /proc/modules; empty if it cannot be read
 * @param folders the names in /sys/module, as the kernel writes them; empty if it cannot be read
 */
record ShownModules(Optional<List<Entry>> entries, Optional<Set<String>> folders) {

  private static final int MAX_BYTES = 8 << 20;
  private static final int MAX_FOLDERS = 2 * ModuleList.MAX_MODULES;

  /** The state of a module. */
  enum State {
    LIVE,
    LOADING,
    UNLOADING
  }

  /**
   * A module of /proc/modules.
   *
   * @param sizeBytes the memory that it takes
   * @param address its address; 0 if this process may not read it
   * @param taints the kernel's letters
   */
  record Entry(String rawName, long sizeBytes, State state, long address, String taints) {}

  /**
   * Reads both places.
   *
   * @param rawNames the names of known loaded modules that are {@link #isOdd odd}
   */
  static ShownModules at(Path root, Collection<String> rawNames) {
    // The folder first: its names help to parse the list.
    Optional<Set<String>> folders = folders(root.resolve("sys/module"));
    var odd = new LinkedHashSet<>(rawNames);
    folders.ifPresent(names -> names.stream().filter(ShownModules::isOdd).forEach(odd::add));
    Optional<List<Entry>> entries =
        SmallFiles.readBytes(root.resolve("proc/modules"), MAX_BYTES)
            .filter(bytes -> bytes.length < MAX_BYTES)
            .map(bytes -> parse(new String(bytes, StandardCharsets.ISO_8859_1), odd));
    return new ShownModules(entries, folders);
  }

  /** Returns whether a name contains a byte that the kernel uses as a separator. */
  static boolean isOdd(String rawName) {
    return rawName.indexOf(' ') >= 0 || rawName.indexOf(',') >= 0 || rawName.indexOf('\n') >= 0;
  }

  /** Returns the name of a module's folder in /sys/module. */
  static String folderOf(String rawName) {
    return rawName.replace('/', '!');
  }

  static List<Entry> parse(String text, Collection<String> oddNames) {
    // Longest first: a name may begin with another name.
    List<String> odd =
        oddNames.stream().sorted(Comparator.comparingInt(String::length).reversed()).toList();
    var entries = new ArrayList<Entry>();
    var line = new Line(text, odd);
    while (!line.isAtEnd() && entries.size() < ModuleList.MAX_MODULES) {
      Entry entry = line.entry();
      if (entry != null) {
        entries.add(entry);
      }
    }
    return List.copyOf(entries);
  }

  /**
   * The position of a reader of /proc/modules: {@code name size references users state address
   * (taints)}.
   */
  private static final class Line {

    private final String text;
    private final List<String> odd;
    private int at;

    Line(String text, List<String> odd) {
      this.text = text;
      this.odd = odd;
    }

    boolean isAtEnd() {
      return at >= text.length();
    }

    /** Returns the next entry. Skips a line that is not an entry, and returns null. */
    @Nullable Entry entry() {
      int start = at;
      for (String name : odd) {
        if (text.startsWith(name, start)) {
          at = start + name.length();
          Entry entry = rest(name);
          if (entry != null) {
            return entry;
          }
        }
      }
      at = start;
      Entry entry = rest(word());
      if (entry == null) {
        int end = text.indexOf('\n', start);
        at = end < 0 ? text.length() : end + 1;
      }
      return entry;
    }

    private @Nullable Entry rest(String name) {
      long size = skip(" ") ? number(word(), 10) : -1;
      if (size < 0 || name.isEmpty() || !skip(" ") || word().isEmpty() || !skip(" ")) {
        return null;
      }
      if (!users() || !skip(" ")) {
        return null;
      }
      State state =
          switch (word()) {
            case "Live" -> State.LIVE;
            case "Loading" -> State.LOADING;
            case "Unloading" -> State.UNLOADING;
            default -> null;
          };
      if (state == null || !skip(" 0x")) {
        return null;
      }
      long address = number(word(), 16);
      if (address == -1) {
        return null;
      }
      String taints = "";
      if (skip(" (")) {
        taints = word();
        if (!taints.endsWith(")")) {
          return null;
        }
        taints = taints.substring(0, taints.length() - 1);
      }
      if (!isAtEnd() && !skip("\n")) {
        return null;
      }
      return new Entry(name, size, state, address, taints);
    }

    /** Skips the names of the modules that use this one, each with a comma. */
    private boolean users() {
      if (!text.startsWith("- ", at)) {
        while (!isAtEnd() && text.charAt(at) != ' ') {
          int start = at;
          for (String name : odd) {
            if (text.startsWith(name, start) && text.startsWith(",", start + name.length())) {
              at = start + name.length() + 1;
              break;
            }
          }
          if (at == start) {
            int comma = text.indexOf(',', at);
            int end = at + word().length();
            if (comma < 0 || comma >= end) {
              return false;
            }
            at = comma + 1;
          }
        }
        return true;
      }
      at++;
      return true;
    }

    /** Returns the text up to a blank or the end of the line. */
    private String word() {
      int start = at;
      while (!isAtEnd() && text.charAt(at) != ' ' && text.charAt(at) != '\n') {
        at++;
      }
      return text.substring(start, at);
    }

    private boolean skip(String expected) {
      boolean there = text.startsWith(expected, at);
      if (there) {
        at += expected.length();
      }
      return there;
    }

    private static long number(String digits, int radix) {
      try {
        return Long.parseUnsignedLong(digits, radix);
      } catch (NumberFormatException notANumber) {
        return -1;
      }
    }
  }

  private static Optional<Set<String>> folders(Path folder) {
    var names = new HashSet<String>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
      for (Path entry : entries) {
        if (names.size() == MAX_FOLDERS) {
          return Optional.empty();
        }
        names.add(rawName(entry));
      }
      return Optional.of(names);
    } catch (IOException | DirectoryIteratorException unreadable) {
      return Optional.empty();
    }
  }

  /** Returns the bytes of an entry's name. Java's string for it depends on the process's locale. */
  private static String rawName(Path entry) {
    String name = String.valueOf(entry.getFileName());
    for (int i = 0; i < name.length(); i++) {
      if (name.charAt(i) >= 0x80) {
        return rawName(entry.toUri());
      }
    }
    return name;
  }

  /**
   * Returns the bytes of the last name in a URI. A URI has {@code %XX} for each byte that is not in
   * its alphabet, and a slash behind a folder.
   */
  private static String rawName(URI uri) {
    String path = uri.getRawPath();
    int end = path.endsWith("/") ? path.length() - 1 : path.length();
    var name = new StringBuilder();
    for (int i = path.lastIndexOf('/', end - 1) + 1; i < end; i++) {
      char c = path.charAt(i);
      if (c == '%') {
        name.append((char) Integer.parseInt(path, i + 1, i + 3, 16));
        i += 2;
      } else {
        name.append(c);
      }
    }
    return name.toString();
  }
}
