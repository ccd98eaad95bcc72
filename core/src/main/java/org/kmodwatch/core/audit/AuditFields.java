package org.kmodwatch.core.audit;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.text.Utf8;

/** A map of the fields that one audit record has. Not thread-safe. */
public final class AuditFields {

  /** The byte that separates the kernel's fields from the translations that auditd adds. */
  private static final char TRANSLATIONS = 0x1d;

  private final Map<String, Field> fields;

  /**
   * Holds a field's value.
   *
   * @param text the value without quotes
   * @param plain whether {@code text} is the string itself, from quotes or already decoded
   */
  private record Field(String text, boolean plain) {}

  private AuditFields(Map<String, Field> fields) {
    this.fields = fields;
  }

  /** Creates an empty map of fields. {@link #put} adds fields. */
  public static AuditFields empty() {
    return new AuditFields(new HashMap<>());
  }

  /**
   * Adds a field that does not come from the text of a log.
   *
   * @param plain whether {@code text} is the string itself. If false, it is a number or the
   *     hexadecimal digits that the kernel writes
   */
  public AuditFields put(String key, String text, boolean plain) {
    fields.put(key, new Field(text, plain));
    return this;
  }

  /**
   * Reads {@code KEY=VALUE KEY="VALUE" …}: the kernel's fields, then the translations.
   *
   * @throws AuditException if a quote does not end, or if a key appears twice (readers differ in
   *     the value that they believe)
   */
  static AuditFields parse(String text, int from) {
    var fields = new HashMap<String, Field>();
    int at = from;
    while (at < text.length()) {
      char c = text.charAt(at);
      if (c == ' ' || c == TRANSLATIONS) {
        at++;
        continue;
      }
      int end = endOfWord(text, at);
      int equals = text.indexOf('=', at);
      if (equals < 0 || equals >= end) {
        // A word of free text, such as "avc:".
        at = end;
        continue;
      }
      String key = text.substring(at, equals);
      at = equals + 1;
      Field field;
      char quote = at < text.length() ? text.charAt(at) : ' ';
      if (quote == '"' || quote == '\'') {
        int close = text.indexOf(quote, at + 1);
        if (close < 0) {
          throw new AuditException("a quote does not end: field=" + AuditException.shown(key));
        }
        field = new Field(text.substring(at + 1, close), true);
        at = close + 1;
      } else {
        end = endOfWord(text, at);
        field = new Field(text.substring(at, end), false);
        at = end;
      }
      if (fields.put(key, field) != null) {
        throw new AuditException("a field is there twice: field=" + AuditException.shown(key));
      }
    }
    return new AuditFields(fields);
  }

  private static int endOfWord(String text, int from) {
    int end = from;
    while (end < text.length() && text.charAt(end) != ' ' && text.charAt(end) != TRANSLATIONS) {
      end++;
    }
    return end;
  }

  /** Returns the field as written in the log; null if the record lacks it. */
  @Nullable String word(String key) {
    Field field = fields.get(key);
    return field == null ? null : field.text;
  }

  /**
   * Returns a string that the kernel does not trust (audit_log_untrustedstring). The kernel writes
   * it in quotes, or as hexadecimal digits if it has bytes that are not printable.
   *
   * @return the decoded string; null if the record lacks it or has {@code (null)}
   */
  @Nullable String text(String key) {
    Field field = fields.get(key);
    if (field == null || field.plain) {
      return field == null ? null : field.text;
    }
    if (field.text.equals("(null)") || field.text.isEmpty()) {
      return null;
    }
    byte[] bytes = bytes(field.text);
    return bytes == null ? field.text : Utf8.decode(bytes, 0, bytes.length).toString();
  }

  private static byte @Nullable [] bytes(String hex) {
    if (hex.length() % 2 != 0) {
      return null;
    }
    var bytes = new byte[hex.length() / 2];
    for (int i = 0; i < bytes.length; i++) {
      int high = digit(hex.charAt(2 * i));
      int low = digit(hex.charAt(2 * i + 1));
      if (high < 0 || low < 0) {
        return null;
      }
      bytes[i] = (byte) (high << 4 | low);
    }
    return bytes;
  }

  private static int digit(char c) {
    return c < 0x80 ? Character.digit(c, 16) : -1;
  }

  /**
   * Returns a field that is a whole number; null if the record lacks it.
   *
   * @throws AuditException if the field is not a whole number from {@code min} to {@code max}
   */
  @Nullable Long number(String key, long min, long max) {
    String text = word(key);
    if (text == null) {
      return null;
    }
    try {
      long number = Long.parseLong(text);
      if (number >= min && number <= max) {
        return number;
      }
    } catch (NumberFormatException notANumber) {
      // The exception below reports it.
    }
    throw wrong(key, "a whole number from " + min + " to " + max, text);
  }

  /**
   * Returns a field that is a whole number and must be present.
   *
   * @throws AuditException if the field is missing, or is not a whole number from {@code min} to
   *     {@code max}
   */
  long required(String key, long min, long max) {
    Long number = number(key, min, max);
    if (number == null) {
      throw new AuditException("%s is missing".formatted(key));
    }
    return number;
  }

  /**
   * Returns an unsigned 64-bit number from hexadecimal digits, with or without {@code 0x}. Returns
   * null if the record lacks the field.
   *
   * @throws AuditException if the field is not such a number
   */
  @Nullable Long hex(String key) {
    String text = word(key);
    if (text == null) {
      return null;
    }
    try {
      String digits = text.toLowerCase(Locale.ROOT).startsWith("0x") ? text.substring(2) : text;
      return Long.parseUnsignedLong(digits, 16);
    } catch (NumberFormatException notANumber) {
      throw wrong(key, "a hexadecimal number", text);
    }
  }

  private static AuditException wrong(String key, String wanted, String found) {
    return new AuditException(
        "%s is not %s but \"%s\"".formatted(key, wanted, AuditException.shown(found)));
  }
}
