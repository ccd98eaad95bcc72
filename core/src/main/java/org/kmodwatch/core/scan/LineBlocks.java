package org.kmodwatch.core.scan;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import org.jspecify.annotations.Nullable;

/**
 * Cuts an input into blocks of whole lines. A line longer than the limit is skipped in constant
 * memory. Not thread-safe: threads that share an instance take turns.
 */
public final class LineBlocks {

  private static final byte NEWLINE = '\n';
  private static final int CHUNK_BYTES = 64 << 10;

  private final Source source;
  private final boolean eager;
  private final int maxLineBytes;

  /** The beginning of a line whose end has not been read yet. */
  private ByteBuffer carried = ByteBuffer.allocate(1 << 12).limit(0);

  /** Whether the position is inside a too long line that was already reported. */
  private boolean withinLongLine;

  private boolean begun;
  private boolean ended;
  private @Nullable IOException failure;

  private LineBlocks(Source source, boolean eager, ReadOptions options) {
    this.source = source;
    this.eager = eager;
    this.maxLineBytes = options.maxLineBytes();
  }

  /** Supplies bytes. */
  private interface Source {
    /** Reads at least one byte; -1 at the end. */
    int read(ByteBuffer into) throws IOException;
  }

  /**
   * Supplies the bytes of a stream, which it opens at the first read: the head of the data may be
   * damaged too.
   */
  private static final class Decompressed implements Source {
    private final InputStream in;
    private final byte[] chunk = new byte[CHUNK_BYTES];
    private @Nullable InputStream plain;

    Decompressed(InputStream in) {
      this.in = in;
    }

    @Override
    public int read(ByteBuffer into) throws IOException {
      InputStream opened = plain;
      if (opened == null) {
        opened = Decompression.open(in);
        plain = opened;
      }
      int read = opened.read(chunk, 0, Math.min(chunk.length, into.remaining()));
      if (read > 0) {
        into.put(chunk, 0, read);
      }
      return read;
    }
  }

  /**
   * Cuts {@code in}, which is decompressed if necessary ({@link Decompression#open}). A block has
   * the result of one read, so lines that arrive one by one leave one by one. Does not close {@code
   * in}.
   */
  public static LineBlocks of(InputStream in, ReadOptions options) {
    return new LineBlocks(new Decompressed(in), true, options);
  }

  /**
   * Cuts {@code file} from its current position. The file must support reads at any position.
   * Decompresses it like {@link #of(InputStream, ReadOptions)}. Does not close it.
   *
   * @throws IOException if the beginning cannot be read
   */
  public static LineBlocks of(FileChannel file, ReadOptions options) throws IOException {
    return Decompression.isCompressed(file)
        ? of(Channels.newInputStream(file), options)
        : new LineBlocks(file::read, false, options);
  }

  /**
   * Fills {@code block} with the next lines.
   *
   * @return whether the input had lines; false after a block for which {@link Block#isDamaged} is
   *     true
   * @throws IOException if the input fails; all lines before the failure have been returned by then
   */
  public boolean next(Block block) throws IOException {
    block.clear();
    if (failure != null) {
      throw failure;
    }
    if (ended) {
      return false;
    }
    block.first = !begun;
    begun = true;
    if (carried.remaining() > block.capacity()) {
      block.grow(carried.remaining() + block.capacity());
    }
    block.bytes.put(carried);
    try {
      return fill(block);
    } catch (CompressedDataException e) {
      ended = true;
      block.endInDamage(String.valueOf(e.getMessage()));
      return true;
    } catch (IOException e) {
      int end = block.tooLong ? 0 : block.lastNewline(0);
      if (end == 0) {
        throw e;
      }
      failure = e;
      cut(block, end);
      return true;
    }
  }

  private boolean fill(Block block) throws IOException {
    if (withinLongLine) {
      if (!passOver(block)) {
        return false;
      }
      int whole = block.lastNewline(0);
      if (eager && whole > 0) {
        cut(block, whole);
        return true;
      }
    }
    int searched = 0;
    while (true) {
      boolean more = source.read(block.bytes) >= 0;
      boolean full = !block.bytes.hasRemaining();
      int end = block.lastNewline(searched);
      if (end > 0 && (eager || full || !more)) {
        cut(block, end);
        return true;
      }
      if (!more) {
        ended = true;
        return block.endInLine();
      }
      if (end == 0) {
        searched = block.bytes.position();
        if (searched > maxLineBytes) {
          // Report the line now: its end may never arrive.
          block.tooLong = true;
          withinLongLine = true;
          return true;
        }
        if (full) {
          block.grow((int) Math.min(2L * block.capacity(), maxLineBytes + (long) CHUNK_BYTES));
        }
      }
    }
  }

  /** Ends the block at {@code end} and keeps the rest for the next one. */
  private void cut(Block block, int end) {
    int rest = block.bytes.position() - end;
    if (rest > carried.capacity()) {
      carried = ByteBuffer.allocate(Math.max(rest, 2 * carried.capacity()));
    }
    carried.clear().put(block.bytes.slice(end, rest)).flip();
    block.length = end;
  }

  /**
   * Skips the rest of a line without storing it. The bytes read after it are in the block.
   *
   * @return false at the end of the input
   */
  private boolean passOver(Block block) throws IOException {
    while (true) {
      block.bytes.clear().limit(block.capacity());
      if (source.read(block.bytes) < 0) {
        block.bytes.clear().limit(block.capacity());
        ended = true;
        return false;
      }
      int length = block.bytes.position();
      for (int i = 0; i < length; i++) {
        if (block.bytes.get(i) == NEWLINE) {
          withinLongLine = false;
          ByteBuffer rest = block.bytes.slice(i + 1, length - i - 1);
          block.bytes.clear().limit(block.capacity()).put(rest);
          return true;
        }
      }
    }
  }
}
