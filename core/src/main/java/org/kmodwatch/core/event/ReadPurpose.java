package org.kmodwatch.core.event;

import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The purpose for which the kernel reads a file or copies data. It comes from the argument {@code
 * type} of {@code security_kernel_read_file} and similar events. Only this class decides whether
 * the purpose is a module.
 *
 * @param kind the kind of purpose
 * @param problem why the purpose is not known; null if it is known
 */
public record ReadPurpose(Kind kind, @Nullable String problem) {

  /** Lists the kinds of purpose. */
  public enum Kind {
    /**
     * The type is the word {@code kernel-module} or {@code kernel-module-compressed}, or the number
     * 2 (READING_MODULE in include/linux/kernel_read_file.h since 5.9.3).
     */
    MODULE,
    /**
     * The type is another of the kernel's words ({@code kernel_read_file_str}), or another of its
     * numbers up to 6.
     */
    OTHER,
    /**
     * The type is missing, null or of a wrong kind, is {@code unknown(N)}, or is a word or number
     * that no kernel has. The number 7 is also not known, because its meaning depends on the
     * kernel.
     */
    NOT_KNOWN
  }

  private static final Set<String> MODULE_WORDS =
      Set.of("kernel-module", "kernel-module-compressed");

  private static final Set<String> OTHER_WORDS =
      Set.of(
          "firmware",
          "kexec-image",
          "kexec-initramfs",
          "security-policy",
          "x509-certificate",
          "unknown");

  private static final long READING_MODULE = 2;

  /** The largest number that has the same meaning on every kernel that has it. */
  private static final long LARGEST_TYPE = 6;

  /**
   * The number that stands for READING_MODULE_COMPRESSED from 6.19 on, and for
   * READING_X509_CERTIFICATE before 5.9.3.
   */
  private static final long AMBIGUOUS_TYPE = 7;

  private static final ReadPurpose MODULE = new ReadPurpose(Kind.MODULE, null);
  private static final ReadPurpose OTHER = new ReadPurpose(Kind.OTHER, null);

  /**
   * Returns the purpose in {@code event}; {@link Kind#NOT_KNOWN} for an event without that
   * argument.
   */
  public static ReadPurpose of(Event event) {
    return of(event.argument("type").orElse(null));
  }

  /** Returns whether {@code event} is about a module. */
  public static boolean isModule(Event event) {
    return of(event).kind() == Kind.MODULE;
  }

  private static ReadPurpose of(@Nullable Value type) {
    return switch (type) {
      case null -> notKnown("argument type is missing");
      case Value.Null() -> notKnown("argument type is null");
      case Value.Str(String word) -> ofWord(word);
      case Value.Num number -> ofNumber(number);
      case Value.Bool(boolean value) -> notKnown(wrongType("the truth value " + value));
      case Value.Array(var values) -> notKnown(wrongType("a list"));
      case Value.Obj(var fields) -> notKnown(wrongType("an object"));
    };
  }

  private static ReadPurpose ofWord(String word) {
    if (MODULE_WORDS.contains(word)) {
      return MODULE;
    }
    return OTHER_WORDS.contains(word)
        ? OTHER
        : notKnown("argument type is a word that no kernel has: type=" + shortened(word));
  }

  private static ReadPurpose ofNumber(Value.Num number) {
    OptionalLong id = number.signed();
    if (id.isPresent() && id.getAsLong() == READING_MODULE) {
      return MODULE;
    }
    if (id.isPresent() && id.getAsLong() == AMBIGUOUS_TYPE) {
      return notKnown(
          "argument type is a number that is a compressed module from Linux 6.19 on, and a"
              + " certificate before 5.10: type=unknown(7)");
    }
    return id.isPresent() && id.getAsLong() >= 0 && id.getAsLong() <= LARGEST_TYPE
        ? OTHER
        : notKnown(
            "argument type is a number that no kernel has: type=unknown(%s)"
                .formatted(shortened(number.text())));
  }

  private static ReadPurpose notKnown(String problem) {
    return new ReadPurpose(Kind.NOT_KNOWN, problem);
  }

  private static String wrongType(String what) {
    return "argument type is neither a word nor a number but " + what;
  }

  /**
   * Shortens a word for a reason. Reasons go to logs, which a hostile producer must not be able to
   * fill with one event.
   */
  private static String shortened(String text) {
    return text.length() <= 64 ? text : text.substring(0, 64) + "…";
  }
}
