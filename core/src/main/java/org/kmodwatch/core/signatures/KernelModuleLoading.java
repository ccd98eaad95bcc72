package org.kmodwatch.core.signatures;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.EventNames;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.core.signature.EventSelector;
import org.kmodwatch.core.signature.Signature;
import org.kmodwatch.core.signature.SignatureMetadata;
import org.kmodwatch.core.signature.Verdict;

/**
 * TRC-1017: a kernel module is being loaded.
 *
 * <p>{@code init_module} is always a finding. {@code security_kernel_read_file} is one if its
 * argument {@code type} is the word {@code kernel-module} or {@code kernel-module-compressed} or
 * the number 2 (READING_MODULE in include/linux/kernel_read_file.h since 5.9.3). The kernel's other
 * words, and its other numbers from 0 to 7, are no finding. Whatever else stands there cannot be
 * resolved, and the event is reported as malformed: missing, null, another kind of value, {@code
 * unknown(N)}, a word or a number that no kernel has.
 */
public final class KernelModuleLoading implements Signature {

  private static final SignatureMetadata METADATA =
      new SignatureMetadata(
          "TRC-1017",
          "1",
          "Kernel module loading detected",
          "kernel_module_loading",
          "Loading of a kernel module was detected. Kernel modules are meant for execution in the"
              + " kernel environment. Adversaries might load such modules to enhance their"
              + " functionalities and to elude detection by operating directly within the kernel,"
              + " sidestepping user space.",
          null,
          properties());

  private static final Set<String> MODULE_TYPES =
      Set.of("kernel-module", "kernel-module-compressed");

  /** What else the kernel reads files for, in its own words ({@code kernel_read_file_str}). */
  private static final Set<String> OTHER_TYPES =
      Set.of(
          "firmware",
          "kexec-image",
          "kexec-initramfs",
          "security-policy",
          "x509-certificate",
          "unknown");

  private static final long READING_MODULE = 2;

  /** The largest number that any kernel has given to a type. */
  private static final long LARGEST_TYPE = 7;

  /** Made by {@link java.util.ServiceLoader}. */
  public KernelModuleLoading() {}

  @Override
  public SignatureMetadata metadata() {
    return METADATA;
  }

  @Override
  public List<EventSelector> selectedEvents() {
    return List.of(
        EventSelector.of(Event.SOURCE_TRACEE, EventNames.INIT_MODULE),
        EventSelector.of(Event.SOURCE_TRACEE, EventNames.SECURITY_KERNEL_READ_FILE));
  }

  @Override
  public void onEvent(Event event, Verdict verdict) {
    switch (event.eventName()) {
      case EventNames.INIT_MODULE -> verdict.raise(null);
      case EventNames.SECURITY_KERNEL_READ_FILE ->
          judgeType(event.argument("type").orElse(null), verdict);
      default -> {
        // Not selected.
      }
    }
  }

  private static void judgeType(@Nullable Value type, Verdict verdict) {
    switch (type) {
      case null -> verdict.malformed("argument type is missing");
      case Value.Null() -> verdict.malformed("argument type is null");
      case Value.Str(String word) -> judgeWord(word, verdict);
      case Value.Num number -> judgeNumber(number, verdict);
      case Value.Bool(boolean value) -> verdict.malformed(wrongType("the truth value " + value));
      case Value.Array(var values) -> verdict.malformed(wrongType("a list"));
      case Value.Obj(var fields) -> verdict.malformed(wrongType("an object"));
    }
  }

  private static void judgeWord(String word, Verdict verdict) {
    if (MODULE_TYPES.contains(word)) {
      verdict.raise(null);
    } else if (!OTHER_TYPES.contains(word)) {
      verdict.malformed("argument type is a word that no kernel has: type=" + shortened(word));
    }
  }

  private static void judgeNumber(Value.Num number, Verdict verdict) {
    OptionalLong id = number.signed();
    if (id.isPresent() && id.getAsLong() == READING_MODULE) {
      verdict.raise(null);
    } else if (id.isEmpty() || id.getAsLong() < 0 || id.getAsLong() > LARGEST_TYPE) {
      verdict.malformed(
          "argument type is a number that no kernel has: type=unknown(%s)"
              .formatted(shortened(number.text())));
    }
  }

  private static String wrongType(String what) {
    return "argument type is neither a word nor a number but " + what;
  }

  /** Reasons go to logs: a hostile producer must not be able to fill them with one event. */
  private static String shortened(String text) {
    return text.length() <= 64 ? text : text.substring(0, 64) + "…";
  }

  private static Map<String, Value> properties() {
    var properties = new LinkedHashMap<String, Value>();
    properties.put("Severity", Value.of(2));
    properties.put("Category", Value.of("persistence"));
    properties.put("Technique", Value.of("Kernel Modules and Extensions"));
    properties.put("Kubernetes_Technique", Value.of("N/A"));
    properties.put("id", Value.of("attack-pattern--a1b52199-c8c5-438a-9ded-656f1d0888c6"));
    properties.put("external_id", Value.of("T1547.006"));
    return properties;
  }
}
