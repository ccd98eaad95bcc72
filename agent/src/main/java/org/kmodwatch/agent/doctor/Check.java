package org.kmodwatch.agent.doctor;

import java.util.LinkedHashMap;
import java.util.Locale;
import org.kmodwatch.core.event.Value;

/**
 * One check of a thing that the sensor needs or profits from.
 *
 * @param name the name of the thing
 * @param state the result
 * @param found the finding
 * @param lost what Kmodwatch cannot do without it; empty if it loses nothing
 * @param remedy how to get it; empty if no action is needed
 */
public record Check(String name, State state, String found, String lost, String remedy) {

  /** The result of a check. */
  public enum State {
    /** The thing is as it should be. */
    OK,
    /** {@code watch} works, and reports less. */
    DEGRADED,
    /** {@code watch} does not work. */
    MISSING,
    /** The result is not known. */
    UNKNOWN;

    /** Returns the word for the result in output. */
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  static Check ok(String name, String found) {
    return new Check(name, State.OK, found, "", "");
  }

  /** Writes the check as JSON. Leaves out empty parts. */
  Value toJson() {
    var json = new LinkedHashMap<String, Value>();
    json.put("check", Value.of(name));
    json.put("state", Value.of(state.word()));
    json.put("found", Value.of(found));
    if (!lost.isEmpty()) {
      json.put("lost", Value.of(lost));
    }
    if (!remedy.isEmpty()) {
      json.put("remedy", Value.of(remedy));
    }
    return new Value.Obj(json);
  }
}
