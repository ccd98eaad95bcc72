package org.kmodwatch.agent.format;

import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.core.signature.SignatureMetadata;

/**
 * MITRE ATT&amp;CK's names, from the data file {@code attack.properties}. Signatures have the
 * technique's id. ATT&amp;CK defines the tactics of a technique.
 */
final class AttackMapping {

  private final Properties names;

  private AttackMapping(Properties names) {
    this.names = names;
  }

  /** Returns the names of this version. */
  static AttackMapping load() {
    var names = new Properties();
    try (InputStream in =
        Objects.requireNonNull(AttackMapping.class.getResourceAsStream("attack.properties"))) {
      names.load(new InputStreamReader(in, StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new AttackMapping(names);
  }

  /** Returns the release of ATT&amp;CK. */
  String version() {
    return names.getProperty("version");
  }

  /**
   * A technique or sub-technique.
   *
   * @param id the id, such as {@code T1547.006}
   * @param name the name
   * @param parent the technique that contains it; null if it is not a sub-technique
   * @param tactics the tactics that it serves
   */
  record Technique(String id, String name, @Nullable Named parent, List<Named> tactics) {
    Technique {
      tactics = List.copyOf(tactics);
    }
  }

  /**
   * An object of ATT&amp;CK with its name.
   *
   * @param id its id
   * @param name its name
   */
  record Named(String id, String name) {}

  /** Returns the techniques of {@code signatures}, each once. Leaves out unknown techniques. */
  List<Technique> of(List<SignatureMetadata> signatures) {
    var techniques = new LinkedHashSet<Technique>();
    for (SignatureMetadata signature : signatures) {
      if (signature.properties().get("external_id") instanceof Value.Str(String id)) {
        technique(id).ifPresent(techniques::add);
      }
    }
    return List.copyOf(techniques);
  }

  Optional<Technique> technique(String id) {
    String name = names.getProperty(id);
    if (name == null) {
      return Optional.empty();
    }
    int dot = id.indexOf('.');
    var tactics = new ArrayList<Named>();
    for (String tactic : names.getProperty(id + ".tactics", "").split(" ", -1)) {
      named(tactic).ifPresent(tactics::add);
    }
    return Optional.of(
        new Technique(
            id, name, dot < 0 ? null : named(id.substring(0, dot)).orElse(null), tactics));
  }

  private Optional<Named> named(String id) {
    return Optional.ofNullable(names.getProperty(id)).map(name -> new Named(id, name));
  }
}
