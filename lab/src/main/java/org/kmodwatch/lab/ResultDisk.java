package org.kmodwatch.lab;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads the disk on which the guest stores its results. It has no file system. Each file is a line
 * {@code file BYTES NAME} and its bytes; the line {@code end} follows the last file. init.sh writes
 * it.
 */
final class ResultDisk {

  /**
   * Sets the size of the disk, in bytes. The file is sparse: it takes only the space of the written
   * data.
   */
  static final long SIZE_BYTES = 4L << 30;

  private static final int LONGEST_LINE_BYTES = 1024;
  private static final Pattern FILE = Pattern.compile("file ([0-9]{1,12}) ([A-Za-z0-9_.-]+)");

  private ResultDisk() {}

  /**
   * Copies the files into a folder. Only plain names are accepted, so that a guest cannot write
   * outside the folder.
   *
   * @throws IOException if the results on the disk are incomplete
   */
  static void extract(Path disk, Path folder) throws IOException {
    try (var in = new BufferedInputStream(Files.newInputStream(disk), 1 << 16)) {
      for (String line = line(in); !line.equals("end"); line = line(in)) {
        Matcher file = FILE.matcher(line);
        if (!file.matches() || file.group(2).startsWith(".")) {
          throw new IOException("the guest's results are broken at \"%s\"".formatted(line));
        }
        try (OutputStream out = Files.newOutputStream(folder.resolve(file.group(2)))) {
          copy(in, out, Long.parseLong(file.group(1)));
        }
      }
    }
  }

  private static void copy(InputStream in, OutputStream out, long bytes) throws IOException {
    var buffer = new byte[1 << 16];
    for (long left = bytes; left > 0; ) {
      int read = in.read(buffer, 0, (int) Math.min(left, buffer.length));
      if (read < 0) {
        throw new EOFException("the guest's results end too early: missing=%d".formatted(left));
      }
      out.write(buffer, 0, read);
      left -= read;
    }
  }

  private static String line(InputStream in) throws IOException {
    var line = new ByteArrayOutputStream();
    for (int c = in.read(); c != '\n'; c = in.read()) {
      if (c < 0 || line.size() >= LONGEST_LINE_BYTES) {
        throw new EOFException("the guest's results have no end");
      }
      line.write(c);
    }
    return line.toString(StandardCharsets.UTF_8);
  }
}
