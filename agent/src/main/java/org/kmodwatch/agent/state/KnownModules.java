package org.kmodwatch.agent.state;

import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.sensor.kernel.JavaDigest;

/**
 * Keeps the names of the loaded modules that have a record, across restarts. Another loaded module
 * came in unseen. One thread.
 *
 * <p>The file in the state folder has the boot id, then lines {@code +NAME} and {@code -NAME}.
 * Bytes of a name other than letters, digits and a few signs are written as %XX. A longer name is
 * written as {@code #} and the beginning of its hash. The file is rewritten at each start, and when
 * it has grown. It is not synced to disk, because it is void after a reboot.
 */
public final class KnownModules {

  static final String FILE = "modules";

  /** The largest number of names kept. No kernel has so many modules. */
  static final int MAX_NAMES = 16_384;

  /**
   * The number of lines before a rewrite. It keeps the file smaller than the limit of {@link
   * StateFiles}.
   */
  private static final int REWRITE_AFTER_LINES = 50_000;

  private static final int MAX_KEY_LENGTH = 64;
  private static final Pattern KEY = Pattern.compile("[A-Za-z0-9.*_+%-]{1,64}|#[0-9a-f]{32}");

  private final Path file;
  private final String bootId;
  private final Consumer<String> notes;

  /** The kept names, in the form of {@link #key}. */
  private final Set<String> keys = new LinkedHashSet<>();

  private final StringBuilder unwritten = new StringBuilder();
  private int lines;
  private boolean fails;
  private boolean ofThisBoot;

  private KnownModules(Path file, String bootId, Consumer<String> notes) {
    this.file = file;
    this.bootId = bootId;
    this.notes = notes;
  }

  /**
   * Reads the names that were kept since the machine was booted.
   *
   * @param folder the state folder
   * @param notes takes messages for a person
   */
  public static KnownModules open(Path folder, String bootId, Consumer<String> notes) {
    var known = new KnownModules(folder.resolve(FILE), bootId, notes);
    known.read();
    known.lines = REWRITE_AFTER_LINES;
    return known;
  }

  /** Returns whether the file could be read and is of this boot. */
  public boolean areOfThisBoot() {
    return ofThisBoot;
  }

  /** Returns whether a loaded module of this name has a record. */
  public boolean has(String name) {
    return keys.contains(key(name));
  }

  /** Forgets all names, because they do not show which modules are loaded now. */
  public void clear() {
    keys.clear();
    lines = REWRITE_AFTER_LINES;
  }

  /** Adds or removes the module of a record. */
  public void joined(LoadRecord record) {
    String name = record.module().name();
    if (name == null) {
      return;
    }
    switch (record.outcome()) {
      case LOADED -> add(name);
      case UNLOADED -> remove(name);
      case UNKNOWN -> {
        if (record.action() == LoadRecord.Action.LOAD) {
          add(name);
        }
      }
      case FAILED -> {
        // No module of this name is loaded then. An earlier record may have added this one.
        if (record.codeMayHaveRun()) {
          remove(name);
        }
      }
      case REFUSED -> {}
    }
  }

  /** Adds the name of a loaded module that has a record. */
  public void add(String name) {
    String key = key(name);
    if (keys.size() < MAX_NAMES && keys.add(key)) {
      unwritten.append('+').append(key).append('\n');
      lines++;
    }
  }

  /** Removes the name of a module that is unloaded. */
  public void remove(String name) {
    String key = key(name);
    if (keys.remove(key)) {
      unwritten.append('-').append(key).append('\n');
      lines++;
    }
  }

  /** Writes the changes, after the outputs accepted the records. */
  public void keep() {
    try {
      if (lines >= REWRITE_AFTER_LINES) {
        rewrite();
      } else if (!unwritten.isEmpty()) {
        StateFiles.append(file, unwritten.toString());
      }
      unwritten.setLength(0);
      if (fails) {
        fails = false;
        notes.accept("state: the names of loaded modules are written down again");
      }
    } catch (IOException | UnsupportedOperationException e) {
      // A line may have been written in part. The next successful call writes the whole file.
      lines = REWRITE_AFTER_LINES;
      unwritten.setLength(0);
      if (!fails) {
        fails = true;
        notes.accept(
            "state: cannot write %s: %s; modules may be recorded as preExisting at the next start"
                .formatted(file, e));
      }
    }
  }

  private void rewrite() throws IOException {
    var text = new StringBuilder(bootId).append('\n');
    keys.forEach(key -> text.append('+').append(key).append('\n'));
    StateFiles.replace(file, text.toString());
    lines = keys.size();
  }

  private void read() {
    String text = StateFiles.read(file).orElse("");
    // The agent was killed while it wrote an unfinished last line.
    String whole = text.substring(0, text.lastIndexOf('\n') + 1);
    if (!whole.startsWith(bootId + "\n")) {
      return;
    }
    ofThisBoot = true;
    whole.lines().skip(1).forEach(this::take);
  }

  private void take(String line) {
    String key = line.substring(Math.min(1, line.length()));
    if (line.startsWith("+") && keys.size() < MAX_NAMES && KEY.matcher(key).matches()) {
      keys.add(key);
    } else if (line.startsWith("-")) {
      keys.remove(key);
    }
  }

  private static String key(String name) {
    String encoded = URLEncoder.encode(name, StandardCharsets.UTF_8);
    if (encoded.length() <= MAX_KEY_LENGTH) {
      return encoded;
    }
    byte[] hash = JavaDigest.of("SHA-256", StandardCharsets.US_ASCII.encode(encoded));
    return "#" + HexFormat.of().formatHex(hash, 0, 16);
  }
}
