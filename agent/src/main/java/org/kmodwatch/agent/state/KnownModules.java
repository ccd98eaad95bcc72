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
 * The names of the loaded modules of which there is a record, kept over restarts: what is loaded
 * and is not among them came in unseen. One thread.
 *
 * <p>A file of lines in the state folder: the boot, then {@code +NAME} and {@code -NAME}, each name
 * with its bytes other than letters, digits and a few signs as %XX, or what is longer than that as
 * {@code #} and the beginning of its hash. It is written anew at each start, and once it has grown.
 * It is not synced to disk: it ends with the machine.
 */
public final class KnownModules {

  static final String FILE = "modules";

  /** No kernel has as many. */
  static final int MAX_NAMES = 16_384;

  /** So that the file stays below what {@link StateFiles} reads. */
  private static final int REWRITE_AFTER_LINES = 50_000;

  private static final int MAX_KEY_LENGTH = 64;
  private static final Pattern KEY = Pattern.compile("[A-Za-z0-9.*_+%-]{1,64}|#[0-9a-f]{32}");

  private final Path file;
  private final String bootId;
  private final Consumer<String> notes;

  /** In the form of {@link #key}. */
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
   * Reads what was kept since the machine was booted.
   *
   * @param folder the state folder
   * @param notes takes lines for a person
   */
  public static KnownModules open(Path folder, String bootId, Consumer<String> notes) {
    var known = new KnownModules(folder.resolve(FILE), bootId, notes);
    known.read();
    known.lines = REWRITE_AFTER_LINES;
    return known;
  }

  /** Whether what was kept could be read, and was kept since the machine was booted. */
  public boolean areOfThisBoot() {
    return ofThisBoot;
  }

  /** Whether there is a record of a loaded module of this name. */
  public boolean has(String name) {
    return keys.contains(key(name));
  }

  /** Forgets all: what was kept does not say what is loaded now. */
  public void clear() {
    keys.clear();
    lines = REWRITE_AFTER_LINES;
  }

  /** Takes notice of a record. */
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
        // None of its name is there then: it was itself, and a record may have said so before.
        if (record.codeMayHaveRun()) {
          remove(name);
        }
      }
      case REFUSED -> {}
    }
  }

  /** Takes notice that there is a record of a loaded module of this name. */
  public void add(String name) {
    String key = key(name);
    if (keys.size() < MAX_NAMES && keys.add(key)) {
      unwritten.append('+').append(key).append('\n');
      lines++;
    }
  }

  /** Takes notice that a module of this name is gone. */
  public void remove(String name) {
    String key = key(name);
    if (keys.remove(key)) {
      unwritten.append('-').append(key).append('\n');
      lines++;
    }
  }

  /** Writes down what has changed; the records are out of this process's hands. */
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
      // A line may have been written in part: all is written once it goes again.
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
    // A line without its end was being written when the agent was killed.
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
