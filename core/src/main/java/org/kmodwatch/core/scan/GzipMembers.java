package org.kmodwatch.core.scan;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import java.util.zip.ZipException;

/**
 * Reads the members of gzip data (RFC 1952), one after the other. {@link
 * java.util.zip.GZIPInputStream} calls itself for each empty member, and its stack overflows after
 * some thousands. It also ignores data after the last member. This class reads members in a loop
 * and checks every checksum and length.
 */
final class GzipMembers extends BulkInputStream {

  private static final int MAGIC = 0x8B1F;
  private static final int DEFLATE = 8;
  private static final int BUFFER_BYTES = 1 << 16;

  private static final int FHCRC = 1 << 1;
  private static final int FEXTRA = 1 << 2;
  private static final int FNAME = 1 << 3;
  private static final int FCOMMENT = 1 << 4;
  private static final int RESERVED = 0xE0;

  private final InputStream in;
  private final long maxMembers;
  private final Inflater inflater = new Inflater(true);

  /** The checksum that is being computed: of the header, then of the member's decompressed data. */
  private final CRC32 crc = new CRC32();

  private final byte[] buffer = new byte[BUFFER_BYTES];
  private int at;
  private int end;
  private long members;
  private boolean insideMember;
  private boolean ended;

  /**
   * Creates a stream of the decompressed data.
   *
   * @param maxMembers the largest number of members
   */
  GzipMembers(InputStream in, long maxMembers) {
    this.in = in;
    this.maxMembers = maxMembers;
  }

  @Override
  public int read(byte[] out, int offset, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    while (!ended) {
      if (!insideMember) {
        begin();
        continue;
      }
      int read = inflate(out, offset, length);
      if (read > 0) {
        return read;
      }
      end();
    }
    return -1;
  }

  @Override
  public void close() throws IOException {
    ended = true;
    inflater.end();
    in.close();
  }

  /** Reads up to the data of the next member, or to the end. */
  private void begin() throws IOException {
    crc.reset();
    if (members > 0 && !skipPadding()) {
      ended = true;
      return;
    }
    if (header(2) != MAGIC) {
      throw new ZipException("something follows that is not gzip");
    }
    if (members == maxMembers) {
      throw Decompression.PastLimitException.parts(maxMembers);
    }
    members++;
    int method = header(1);
    int flags = header(1);
    if (method != DEFLATE || (flags & RESERVED) != 0) {
      throw new ZipException(
          "a method or flags that are not known: method=%d, flags=0x%x".formatted(method, flags));
    }
    skipHeader(6);
    if ((flags & FEXTRA) != 0) {
      skipHeader(header(2));
    }
    if ((flags & FNAME) != 0) {
      skipText();
    }
    if ((flags & FCOMMENT) != 0) {
      skipText();
    }
    if ((flags & FHCRC) != 0) {
      int expected = (int) crc.getValue() & 0xFFFF;
      if (header(2) != expected) {
        throw new ZipException("the checksum of a header is wrong");
      }
    }
    crc.reset();
    inflater.reset();
    inflater.setInput(buffer, at, end - at);
    insideMember = true;
  }

  /**
   * Skips the zeroes that tapes and block devices add.
   *
   * @return whether data follows
   */
  private boolean skipPadding() throws IOException {
    boolean padded = false;
    while (hasInput()) {
      if (buffer[at] != 0) {
        if (padded) {
          throw new ZipException("something follows that is not gzip");
        }
        return true;
      }
      padded = true;
      at++;
    }
    return false;
  }

  /**
   * Decompresses at least one byte of the member. Returns the number of bytes; 0 at the member's
   * end.
   */
  private int inflate(byte[] out, int offset, int length) throws IOException {
    try {
      while (true) {
        int read = inflater.inflate(out, offset, length);
        if (read > 0) {
          crc.update(out, offset, read);
          return read;
        }
        if (inflater.finished()) {
          at = end - inflater.getRemaining();
          return 0;
        }
        if (inflater.needsDictionary()) {
          throw new ZipException("a dictionary is asked for");
        }
        if (inflater.needsInput()) {
          at = end;
          require();
          inflater.setInput(buffer, at, end - at);
        }
      }
    } catch (DataFormatException e) {
      throw new ZipException(e.getMessage());
    }
  }

  private void end() throws IOException {
    insideMember = false;
    int expectedCrc = little(4);
    int expectedLength = little(4);
    if (expectedCrc != (int) crc.getValue()) {
      throw new ZipException("the checksum is wrong");
    }
    if (expectedLength != (int) inflater.getBytesWritten()) {
      throw new ZipException("the length is wrong");
    }
  }

  private int header(int count) throws IOException {
    int number = 0;
    for (int i = 0; i < count; i++) {
      int next = next();
      crc.update(next);
      number |= next << (8 * i);
    }
    return number;
  }

  private void skipHeader(int count) throws IOException {
    for (int left = count; left > 0; ) {
      require();
      int here = Math.min(left, end - at);
      crc.update(buffer, at, here);
      at += here;
      left -= here;
    }
  }

  private void skipText() throws IOException {
    while (header(1) != 0) {
      // Only the end of the text matters.
    }
  }

  private int little(int count) throws IOException {
    int number = 0;
    for (int i = 0; i < count; i++) {
      number |= next() << (8 * i);
    }
    return number;
  }

  private int next() throws IOException {
    require();
    return buffer[at++] & 0xFF;
  }

  private void require() throws IOException {
    if (!hasInput()) {
      throw new EOFException();
    }
  }

  private boolean hasInput() throws IOException {
    if (at < end) {
      return true;
    }
    at = 0;
    end = Math.max(0, in.read(buffer, 0, buffer.length));
    return end > 0;
  }
}
