package org.kmodwatch.agent;

import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * A number of bytes on the command line: {@code 65536}, {@code 64K}, {@code 64M}, {@code 1G}, in
 * powers of 1024.
 *
 * @param bytes how many
 */
record ByteSize(long bytes) {

  private static final Pattern FORM = Pattern.compile("([0-9]{1,9})([KMG]?)");

  /** The size that {@code text} says; empty if it says none. */
  static Optional<ByteSize> parse(String text) {
    Matcher form = FORM.matcher(text.toUpperCase(Locale.ROOT));
    if (!form.matches()) {
      return Optional.empty();
    }
    int shift = " KMG".indexOf(form.group(2).isEmpty() ? " " : form.group(2)) * 10;
    return Optional.of(new ByteSize(Long.parseLong(form.group(1)) << shift));
  }

  /** Reads one for picocli. */
  static final class Converter implements ITypeConverter<ByteSize> {
    @Override
    public ByteSize convert(String text) {
      return parse(text)
          .orElseThrow(
              () -> new TypeConversionException("not a size, such as 512M or 2G: " + text));
    }
  }
}
