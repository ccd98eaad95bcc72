package org.kmodwatch.agent;

import java.nio.file.Path;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import org.kmodwatch.agent.config.ByteSize;
import org.kmodwatch.agent.settings.WatchOptions;
import org.kmodwatch.agent.sink.HistoryTarget;

/**
 * Reads the arguments of {@code watch} where there is nothing special about them. To picocli, which
 * takes them all, they are half of the time that Java needs to the armed sensor: it finds its
 * options by reflection. What is not plain is left to it: help, what is wrong, what could be read
 * in two ways.
 */
final class PlainArguments {

  /** What follows them without an equals sign can be read in two ways. */
  private static final Set<String> HAVE_VALUE_OR_NOT = Set.of("--pin", "--history");

  private final WatchOptions options;
  private final Set<String> seen = new HashSet<>();

  private PlainArguments(WatchOptions options) {
    this.options = options;
  }

  /**
   * Sets {@code options}.
   *
   * @param args the command line, of which the first is the command's name
   * @return whether they were plain; if not, {@code options} must not be used
   */
  static boolean read(String[] args, WatchOptions options) {
    return new PlainArguments(options).read(args);
  }

  private boolean read(String[] args) {
    for (int i = 1; i < args.length; i++) {
      int equals = args[i].indexOf('=');
      String name = equals < 0 ? args[i] : args[i].substring(0, equals);
      boolean valueFollows = i + 1 < args.length && !args[i + 1].startsWith("-");
      boolean taken;
      if (equals > 0 && name.startsWith("--")) {
        taken = take(name, args[i].substring(equals + 1));
      } else if (!valueFollows) {
        taken = take(name);
      } else if (args[i + 1].startsWith("@")) {
        // To picocli a file with arguments.
        return false;
      } else {
        i++;
        taken = !HAVE_VALUE_OR_NOT.contains(name) && take(name, args[i]);
      }
      if (!taken) {
        return false;
      }
    }
    return true;
  }

  /** An option without a value. */
  private boolean take(String name) {
    switch (name) {
      case "--guard-ftrace" -> options.guardFtrace = true;
      case "--pin" -> options.pins = Path.of(WatchOptions.DEFAULT_PINS);
      case "--history" -> options.history.folder = Path.of(HistoryTarget.DEFAULT_FOLDER);
      default -> {
        return false;
      }
    }
    return seen.add(name);
  }

  private boolean take(String name, String value) {
    if (value.isEmpty()) {
      return false;
    }
    switch (name) {
      case "--fail-on" -> {
        return options.output.failOn.add(value);
      }
      case "--signatures" -> {
        return options.signatures.add(Path.of(value));
      }
      case "-o", "--output" -> {
        options.output.format = value;
        return seen.add("--output");
      }
      case "--set" -> {
        return options.assignments.add(value);
      }
      case "--config" -> options.config = Path.of(value);
      case "--policy" -> options.policy.file = Path.of(value);
      case "--repeat-window" -> options.policy.repeatWindow = value;
      case "--record" -> options.record = Path.of(value);
      case "--image-buffer" -> options.imageBuffer = value;
      case "--keep-images" -> options.keepImages = Path.of(value);
      case "--pin" -> options.pins = Path.of(value);
      case "--history" -> options.history.folder = Path.of(value);
      case "--history-max-age" -> options.history.maxAge = value;
      case "--state" -> options.state = Path.of(value);
      case "--webhook" -> options.webhook = value;
      case "--webhook-token-file" -> options.webhookTokenFile = Path.of(value);
      case "--spool" -> options.spool = Path.of(value);
      case "--listen" -> options.listen = value;
      case "--keep-images-max", "--spool-max", "--history-max" -> {
        Optional<ByteSize> size = ByteSize.parse(value);
        if (size.isEmpty()) {
          return false;
        }
        switch (name) {
          case "--spool-max" -> options.spoolMax = size.get();
          case "--history-max" -> options.history.max = size.get();
          default -> options.keepImagesMax = size.get();
        }
      }
      default -> {
        return false;
      }
    }
    return seen.add(name);
  }
}
