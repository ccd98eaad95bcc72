package org.kmodwatch.core.audit;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.text.Utf8;

/** The fields of one record. Not thread-safe. */
public final class AuditFields {

  /** Where the fields end that the kernel wrote and auditd's translations begin. */
  private static final char TRANSLATIONS = 0x1d;

  private final Map<String, Field> fields;

  /**
   * A field's value.
   *
   * @param text without its quotes
   * @param plain whether it is the string itself: it stood in quotes, or was decoded before
   */
  private record Field(String text, boolean plain) {}

  private AuditFields(Map<String, Field> fields) {
    this.fields = fields;
  }

  /** None yet, to be {@linkplain #put put} in one by one. */
  public static AuditFields empty() {
    return new AuditFields(new HashMap<>());
  }

  /**
   * Adds a field that is not text of a log.
   *
   * @param plain whether {@code text} is a string itself, and not a number or what the kernel
   *     writes as hexadecimal digits
   */
  public AuditFields put(String key, String text, boolean plain) {
    fields.put(key, new Field(text, plain));
    return this;
  }

  /**
   * Reads {@code KEY=VALUE KEY="VALUE" …}, the kernel's and the translations behind.
   *
   * @throws AuditException if a field is there twice, since readers differ in which they believe,
   *     or a quote does not end
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

  /** The field as it is written; null if it is not there. */
  @Nullable String word(String key) {
    Field field = fields.get(key);
    return field == null ? null : field.text;
  }

  /**
   * A string that the kernel does not trust: in quotes, or as hexadecimal digits if it has bytes
   * that are not printable (audit_log_untrustedstring). Null if it is not there, or {@code (null)}.
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
   * A whole number.
   *
   * @throws AuditException if it is none, or not from {@code min} to {@code max}
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
      // Told below.
    }
    throw wrong(key, "a whole number from " + min + " to " + max, text);
  }

  /**
   * The same, of a field that has to be there.
   *
   * @throws AuditException if it is not
   */
  long required(String key, long min, long max) {
    Long number = number(key, min, max);
    if (number == null) {
      throw new AuditException("%s is missing".formatted(key));
    }
    return number;
  }

  /**
   * An unsigned 64-bit number in hexadecimal digits, with or without {@code 0x}.
   *
   * @throws AuditException if it is none
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
