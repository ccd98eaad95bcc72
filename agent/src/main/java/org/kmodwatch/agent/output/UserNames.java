package org.kmodwatch.agent.output;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The names of user ids. The names of this host come from its /etc/passwd, which is read again
 * after a change. The ids of a recording may be of any host, so they stay numbers.
 */
public final class UserNames {

  /** The largest number of entries that are read. Users after them show as numbers. */
  private static final int MAX_ENTRIES = 10_000;

  private final @Nullable Path passwd;
  private final Map<Long, String> names = new HashMap<>();
  private @Nullable FileTime readAt;

  private UserNames(@Nullable Path passwd) {
    this.passwd = passwd;
  }

  /** Returns user names that are all numbers. */
  public static UserNames numbers() {
    return new UserNames(null);
  }

  /** Returns the user names in {@code passwd}, a file as passwd(5) describes it. */
  public static UserNames of(Path passwd) {
    return new UserNames(passwd);
  }

  /** Returns the name of {@code userId}, or {@code uid N}. */
  String nameOf(long userId) {
    if (passwd != null && !names.containsKey(userId)) {
      readIfChanged(passwd);
    }
    String name = names.get(userId);
    return name == null ? "uid " + userId : name;
  }

  private void readIfChanged(Path file) {
    try {
      FileTime changed = Files.getLastModifiedTime(file);
      if (changed.equals(readAt)) {
        return;
      }
      names.clear();
      try (var lines = Files.lines(file, StandardCharsets.ISO_8859_1)) {
        lines.limit(MAX_ENTRIES).forEach(this::addEntry);
      }
      readAt = changed;
    } catch (IOException | java.io.UncheckedIOException unreadable) {
      // Without names, numbers identify the users.
      names.clear();
      readAt = null;
    }
  }

  private void addEntry(String line) {
    String[] fields = line.split(":", 4);
    if (fields.length == 4) {
      try {
        names.putIfAbsent(Long.parseLong(fields[2]), fields[0]);
      } catch (NumberFormatException notAnEntry) {
        // passwd(5) allows lines that are not entries, for example "+::::::" of NIS.
      }
    }
  }
}
