package org.kmodwatch.agent.doctor;

import java.util.LinkedHashMap;
import java.util.Locale;
import org.kmodwatch.core.event.Value;

/**
 * One thing that the sensor needs or gains from.
 *
 * @param name what was looked at
 * @param state how it stands
 * @param found what was found
 * @param lost what Kmodwatch cannot do without it; empty if nothing
 * @param remedy how to get it; empty if there is nothing to do
 */
public record Check(String name, State state, String found, String lost, String remedy) {

  /** How a check stands. */
  public enum State {
    /** As it should be. */
    OK,
    /** {@code watch} works, and says less. */
    DEGRADED,
    /** {@code watch} does not work. */
    MISSING,
    /** It could not be told. */
    UNKNOWN;

    /** The word for it in output. */
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  static Check ok(String name, String found) {
    return new Check(name, State.OK, found, "", "");
  }

  /** As JSON; parts that are empty are left out. */
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
