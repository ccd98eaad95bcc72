package org.kmodwatch.core.signature;

import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Value;

/**
 * Describes a signature, as {@code SigMetadata} does in Tracee's finding form.
 *
 * @param id stable, never reused
 * @param version the signature's own version
 * @param name a title for people
 * @param eventName the name of the finding's event, where findings are events themselves
 * @param description what was detected and why it matters
 * @param tags free words; null where the signature has none, which is written as null
 * @param properties severity, category and ATT&amp;CK references, in order
 */
public record SignatureMetadata(
    String id,
    String version,
    String name,
    String eventName,
    String description,
    @Nullable List<String> tags,
    Map<String, Value> properties) {

  /** Copies the collections. */
  public SignatureMetadata {
    if (id.isBlank()) {
      throw new IllegalArgumentException("a signature needs an id: name=" + name);
    }
    tags = tags == null ? null : List.copyOf(tags);
    properties = Value.orderedCopy(properties);
  }

  /**
   * Returns the severity of a finding: 0 for information, 1 low, 2 moderate, 3 high and more.
   * Returns 0 if the signature has no severity.
   */
  public int severity() {
    if (properties.get("Severity") instanceof Value.Num number) {
      OptionalLong severity = number.signed();
      if (severity.isPresent()) {
        return Math.clamp(severity.getAsLong(), 0, Integer.MAX_VALUE);
      }
    }
    return 0;
  }
}
