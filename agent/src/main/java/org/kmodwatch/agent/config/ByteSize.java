package org.kmodwatch.agent.config;

import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * A number of bytes as text: {@code 65536}, {@code 64K}, {@code 64M}, {@code 1G}, in powers of
 * 1024.
 *
 * @param bytes the number of bytes
 */
public record ByteSize(long bytes) {

  private static final Pattern FORM = Pattern.compile("([0-9]{1,9})([KMG]?)");

  /** Returns the size that {@code text} has; empty if it is not a size. */
  public static Optional<ByteSize> parse(String text) {
    Matcher form = FORM.matcher(text.toUpperCase(Locale.ROOT));
    if (!form.matches()) {
      return Optional.empty();
    }
    int shift = " KMG".indexOf(form.group(2).isEmpty() ? " " : form.group(2)) * 10;
    return Optional.of(new ByteSize(Long.parseLong(form.group(1)) << shift));
  }

  /** Writes {@code bytes} in the largest unit that is exact. */
  public static String text(long bytes) {
    for (int unit = 3; unit > 0; unit--) {
      if (bytes != 0 && bytes % (1L << (unit * 10)) == 0) {
        return (bytes >> (unit * 10)) + " KMG".substring(unit, unit + 1);
      }
    }
    return Long.toString(bytes);
  }

  /** Converts a size for picocli. */
  public static final class Converter implements ITypeConverter<ByteSize> {
    /** Creates a converter. Picocli calls it. */
    public Converter() {}

    @Override
    public ByteSize convert(String text) {
      return parse(text)
          .orElseThrow(
              () -> new TypeConversionException("not a size, such as 512M or 2G: " + text));
    }
  }
}
