package org.kmodwatch.bench;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Parses a number of bytes: {@code 1000}, {@code 64K}, {@code 512M} or {@code 5G}. */
final class ByteCount implements ITypeConverter<Long> {

  private static final String UNITS = "KMG";

  @Override
  public Long convert(String text) {
    String digits = text;
    int shift = 0;
    if (!text.isEmpty() && UNITS.indexOf(text.charAt(text.length() - 1)) >= 0) {
      digits = text.substring(0, text.length() - 1);
      shift = 10 * (UNITS.indexOf(text.charAt(text.length() - 1)) + 1);
    }
    try {
      return Math.multiplyExact(Long.parseLong(digits), 1L << shift);
    } catch (ArithmeticException | NumberFormatException e) {
      throw new TypeConversionException(
          "not a number of bytes such as 1000, 64K, 512M or 5G: '" + text + "'");
    }
  }
}
