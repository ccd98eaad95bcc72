package org.kmodwatch.agent.replay;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.kmodwatch.core.event.Value;

/**
 * Holds the progress of a replay, with its settings and inputs.
 *
 * @param settings the other settings that decide the output, by name
 * @param inputs the inputs in the order given
 * @param position the place up to which the output was written
 */
public record Checkpoint(
    Map<String, String> settings, List<ReplayInput> inputs, Position position) {

  private static final String SCHEMA = "kmodwatch.replay/1";

  public Checkpoint {
    settings = Map.copyOf(settings);
    inputs = List.copyOf(inputs);
  }

  /**
   * Holds a place between two events.
   *
   * @param delivered how many events and bad lines come before it, in all inputs together
   * @param inputBytes how many bytes of the inputs were read, for people; more than were processed
   * @param outputBytes how many bytes had been written to standard output
   * @param outputChecksum CRC-32C of those bytes
   */
  record Position(long delivered, long inputBytes, long outputBytes, long outputChecksum) {

    /** The place before all inputs. */
    static final Position START = new Position(0, 0, 0, 0);
  }

  /** Returns the length of all inputs together, in bytes. */
  long totalBytes() {
    return inputs.stream().mapToLong(ReplayInput::sizeBytes).sum();
  }

  int percent() {
    return ProgressBar.percent(position.inputBytes(), totalBytes());
  }

  /**
   * Returns why the replay {@code now} cannot continue from this checkpoint, for a person; empty if
   * it can.
   */
  Optional<String> differenceTo(Checkpoint now) {
    for (Map.Entry<String, String> setting : new TreeMap<>(settings).entrySet()) {
      String other = now.settings.getOrDefault(setting.getKey(), "");
      if (!other.equals(setting.getValue())) {
        return Optional.of(
            "%s was %s and is %s".formatted(setting.getKey(), setting.getValue(), other));
      }
    }
    List<String> before = inputs.stream().map(ReplayInput::path).toList();
    List<String> after = now.inputs.stream().map(ReplayInput::path).toList();
    if (!before.equals(after)) {
      return Optional.of(
          "the inputs were %s and are %s"
              .formatted(String.join(", ", before), String.join(", ", after)));
    }
    for (int i = 0; i < inputs.size(); i++) {
      Optional<String> difference = inputs.get(i).differenceTo(now.inputs.get(i));
      if (difference.isPresent()) {
        return Optional.of("%s has changed: %s".formatted(inputs.get(i).path(), difference.get()));
      }
    }
    return Optional.empty();
  }

  Value toValue() {
    var json = new LinkedHashMap<String, Value>();
    json.put("schema", Value.of(SCHEMA));
    json.put("percent", Value.of(percent()));
    json.put("handedOver", Value.of(position.delivered()));
    json.put("inputBytes", Value.of(position.inputBytes()));
    json.put("outputBytes", Value.of(position.outputBytes()));
    json.put("outputChecksum", Value.of(position.outputChecksum()));
    var said = new LinkedHashMap<String, Value>();
    new TreeMap<>(settings).forEach((name, value) -> said.put(name, Value.of(value)));
    json.put("settings", new Value.Obj(said));
    json.put("inputs", new Value.Array(inputs.stream().map(Checkpoint::inputValue).toList()));
    return new Value.Obj(json);
  }

  private static Value inputValue(ReplayInput input) {
    var json = new LinkedHashMap<String, Value>();
    json.put("path", Value.of(input.path()));
    json.put("sizeBytes", Value.of(input.sizeBytes()));
    json.put("inode", Value.of(input.inode()));
    json.put("modified", Value.of(input.modified()));
    json.put("head", Value.of(input.head()));
    return new Value.Obj(json);
  }

  /**
   * Reads a value that {@link #toValue} made.
   *
   * @throws IllegalArgumentException if it is something else
   */
  static Checkpoint of(Value value) {
    if (!text(value, "schema").equals(SCHEMA)) {
      throw new IllegalArgumentException("its schema is not " + SCHEMA);
    }
    var settings = new LinkedHashMap<String, String>();
    if (field(value, "settings") instanceof Value.Obj(var fields)) {
      fields.forEach((name, setting) -> settings.put(name, text(setting, name)));
    }
    if (!(field(value, "inputs") instanceof Value.Array(var inputs))) {
      throw new IllegalArgumentException("it has no list of inputs");
    }
    return new Checkpoint(
        settings,
        inputs.stream()
            .map(
                input ->
                    new ReplayInput(
                        text(input, "path"),
                        number(input, "sizeBytes"),
                        number(input, "inode"),
                        text(input, "modified"),
                        text(input, "head")))
            .toList(),
        new Position(
            number(value, "handedOver"),
            number(value, "inputBytes"),
            number(value, "outputBytes"),
            number(value, "outputChecksum")));
  }

  private static Value field(Value value, String name) {
    Value found = value instanceof Value.Obj(var fields) ? fields.get(name) : null;
    if (found == null) {
      throw new IllegalArgumentException("it has no " + name);
    }
    return found;
  }

  private static String text(Value value, String name) {
    Value found = value instanceof Value.Obj ? field(value, name) : value;
    if (found instanceof Value.Str(String text)) {
      return text;
    }
    throw new IllegalArgumentException(name + " in it is no text");
  }

  private static long number(Value value, String name) {
    if (field(value, name) instanceof Value.Num number && number.signed().isPresent()) {
      return number.signed().getAsLong();
    }
    throw new IllegalArgumentException(name + " in it is no number");
  }
}
