package org.kmodwatch.core.read;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.load.LoadRecordException;
import org.kmodwatch.core.load.LoadRecords;
import org.kmodwatch.core.scan.Block;
import org.kmodwatch.core.scan.LineBlocks;
import org.kmodwatch.core.scan.Newlines;
import org.kmodwatch.core.scan.ReadOptions;
import org.kmodwatch.core.write.LoadWriter;

/** Reads load records that {@link LoadWriter} wrote. */
public final class LoadReader {

  private LoadReader() {}

  /**
   * Returns the record in one line.
   *
   * @param line UTF-8, with or without the newline
   * @throws LoadRecordException if the line is not a record; the message has the error
   */
  public static LoadRecord read(byte[] line) {
    Value.Obj value;
    try {
      value = ValueReader.read(line);
    } catch (IllegalArgumentException e) {
      throw new LoadRecordException(String.valueOf(e.getMessage()));
    }
    return LoadRecords.fromValue(value);
  }

  /**
   * Reads a record from each line of {@code in} that is not blank, up to its end.
   *
   * @param in UTF-8; decompressed if it is compressed
   * @param name name of the input, for bad lines
   * @param options the limit for the length of a line
   * @param loads receives the records
   * @param bad receives the lines that are not records
   * @throws IOException if the input fails, or its compressed data is damaged
   */
  public static void readAll(
      InputStream in,
      String name,
      ReadOptions options,
      Consumer<LoadRecord> loads,
      Consumer<BadLine> bad)
      throws IOException {
    var blocks = LineBlocks.of(in, options);
    var block = new Block();
    long number = 0;
    while (blocks.next(block)) {
      if (block.isTooLong()) {
        number++;
        bad.accept(new BadLine(name, number, tooLong(options)));
      }
      int end;
      for (int start = 0; start < block.length(); start = end + 1) {
        end = Newlines.at(block.bytes(), start);
        number++;
        byte[] line = new byte[end - start];
        block.bytes().get(start, line);
        if (line.length > options.maxLineBytes()) {
          bad.accept(new BadLine(name, number, tooLong(options)));
        } else if (!new String(line, StandardCharsets.UTF_8).isBlank()) {
          try {
            loads.accept(read(line));
          } catch (LoadRecordException e) {
            bad.accept(new BadLine(name, number, String.valueOf(e.getMessage())));
          }
        }
      }
      if (block.damage() != null) {
        throw new IOException("it breaks off after line %d: %s".formatted(number, block.damage()));
      }
    }
  }

  private static String tooLong(ReadOptions options) {
    return "longer than %d bytes".formatted(options.maxLineBytes());
  }
}
