package org.kmodwatch.core.signature;

import java.util.LinkedHashMap;
import java.util.Map;
import org.kmodwatch.core.event.Value;

/** The MITRE ATT&amp;CK techniques (mitre/cti 18.1) that the built-in signatures refer to. */
public enum AttackTechnique {
  /** A module extends the kernel. */
  KERNEL_MODULES(
      "Kernel Modules and Extensions",
      "attack-pattern--a1b52199-c8c5-438a-9ded-656f1d0888c6",
      "T1547.006"),
  /** Malware hides its presence. */
  ROOTKIT("Rootkit", "attack-pattern--0f20e3cb-245b-4a61-8a91-2d93f7cb0e9b", "T1014"),
  /** A monitoring tool is switched off or blinded. */
  DISABLE_TOOLS(
      "Disable or Modify Tools",
      "attack-pattern--ac08589e-ee59-4935-8667-d845e38fe579",
      "T1562.001");

  private final String technique;
  private final String stixId;
  private final String externalId;

  AttackTechnique(String technique, String stixId, String externalId) {
    this.technique = technique;
    this.stixId = stixId;
    this.externalId = externalId;
  }

  /**
   * Returns the properties of a signature's metadata, in the order of Tracee's form.
   *
   * @param severity 0 for information, 1 low, 2 moderate, 3 high
   * @param category the ATT&amp;CK tactic
   */
  public Map<String, Value> properties(int severity, String category) {
    var properties = new LinkedHashMap<String, Value>();
    properties.put("Severity", Value.of(severity));
    properties.put("Category", Value.of(category));
    properties.put("Technique", Value.of(technique));
    properties.put("Kubernetes_Technique", Value.of("N/A"));
    properties.put("id", Value.of(stixId));
    properties.put("external_id", Value.of(externalId));
    return properties;
  }
}
