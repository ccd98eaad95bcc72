package org.kmodwatch.history;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;

/**
 * Packs a load record: one byte for the format, then its JSON, deflated (RFC 1951). A dictionary
 * holds the text that every record has, since a single record repeats little.
 */
final class PackedRecord {

  /** The record is deflated with the first dictionary, which must never change. */
  private static final byte DEFLATED_1 = 1;

  private static final String DICTIONARY_1 = "packed-record-1.dictionary";

  /**
   * Limits an unpacked record, so that a damaged one does not exhaust the memory. It is more than
   * any sink takes.
   */
  private static final int MAX_BYTES = 4 << 20;

  private static final byte[] DICTIONARY = dictionary();

  private PackedRecord() {}

  private static byte[] dictionary() {
    try (InputStream in = PackedRecord.class.getResourceAsStream(DICTIONARY_1)) {
      if (in == null) {
        throw new IllegalStateException("not in the jar: resource=" + DICTIONARY_1);
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read from the jar: resource=" + DICTIONARY_1, e);
    }
  }

  static byte[] pack(byte[] json) {
    var out = new ByteArrayOutputStream(json.length / 2);
    out.write(DEFLATED_1);
    var deflater = new Deflater(Deflater.DEFAULT_COMPRESSION, true);
    try {
      deflater.setDictionary(DICTIONARY);
      deflater.setInput(json);
      deflater.finish();
      var buffer = new byte[4096];
      while (!deflater.finished()) {
        out.write(buffer, 0, deflater.deflate(buffer));
      }
    } finally {
      deflater.end();
    }
    return out.toByteArray();
  }

  /**
   * Returns the JSON of a packed record.
   *
   * @throws DataFormatException if the record is damaged or in an unknown format
   */
  static byte[] unpack(byte[] packed) throws DataFormatException {
    if (packed.length == 0 || packed[0] != DEFLATED_1) {
      throw new DataFormatException("not packed as a record of this version is");
    }
    var out = new ByteArrayOutputStream(packed.length * 4);
    var inflater = new Inflater(true);
    try {
      inflater.setDictionary(DICTIONARY);
      inflater.setInput(packed, 1, packed.length - 1);
      var buffer = new byte[8192];
      while (!inflater.finished()) {
        int count = inflater.inflate(buffer);
        if (count == 0 && !inflater.finished()) {
          throw new DataFormatException("breaks off");
        }
        out.write(buffer, 0, count);
        if (out.size() > MAX_BYTES) {
          throw new DataFormatException("larger than any record");
        }
      }
    } finally {
      inflater.end();
    }
    return out.toByteArray();
  }
}
