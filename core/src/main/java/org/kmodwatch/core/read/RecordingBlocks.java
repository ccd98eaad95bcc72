package org.kmodwatch.core.read;

import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import org.kmodwatch.core.scan.Decompression;
import org.kmodwatch.core.scan.LineBlocks;

/**
 * Divides a recording into blocks of whole lines, which several threads can scan, each with a
 * {@link BlockScanner}. It does not close the input. Not thread-safe.
 */
public final class RecordingBlocks {

  private final LineBlocks lines;

  private RecordingBlocks(LineBlocks lines) {
    this.lines = lines;
  }

  /** Returns the blocks of a stream, decompressed as {@link Decompression#open} does. */
  public static RecordingBlocks of(InputStream in, ReadOptions options) {
    return new RecordingBlocks(LineBlocks.of(in, options.maxLineBytes()));
  }

  /** Returns the blocks of a file from its position on, decompressed if it is compressed. */
  public static RecordingBlocks of(FileChannel file, ReadOptions options) throws IOException {
    return new RecordingBlocks(LineBlocks.of(file, options.maxLineBytes()));
  }

  LineBlocks lines() {
    return lines;
  }
}
