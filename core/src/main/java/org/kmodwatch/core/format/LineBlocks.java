package org.kmodwatch.core.format;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import org.jspecify.annotations.Nullable;

/**
 * Cuts an input into blocks of whole lines. A line that is longer than the limit is passed over in
 * constant memory. Not thread-safe: threads that share one take turns.
 */
public final class LineBlocks {

  private static final byte NEWLINE = '\n';
  private static final int CHUNK_BYTES = 64 << 10;

  private final Source source;
  private final boolean eager;
  private final int maxLineBytes;

  /** The beginning of a line whose end was not read yet. */
  private ByteBuffer carried = ByteBuffer.allocate(1 << 12).limit(0);

  /** Whether the input stands within a line that is too long, of which that was told. */
  private boolean withinLongLine;

  private boolean begun;
  private boolean ended;
  private @Nullable IOException failure;

  private LineBlocks(Source source, boolean eager, ReadOptions options) {
    this.source = source;
    this.eager = eager;
    this.maxLineBytes = options.maxLineBytes();
  }

  /** Where bytes come from. */
  private interface Source {
    /** Reads at least one byte; -1 at the end. */
    int read(ByteBuffer into) throws IOException;
  }

  /** A stream that is opened at the first read: its head may be damaged, as any part of it. */
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
        opened = Compression.open(in);
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
   * Cuts {@code in}, decompressed if it is compressed ({@link Compression#open}). A block has what
   * one read gave, so that lines that arrive one by one come out one by one. Does not close {@code
   * in}.
   */
  public static LineBlocks of(InputStream in, ReadOptions options) {
    return new LineBlocks(new Decompressed(in), true, options);
  }

  /**
   * Cuts {@code file} from where it stands; it has to be one that can be read at any position.
   * Decompresses it as above. Does not close it.
   *
   * @throws IOException if the beginning cannot be read
   */
  public static LineBlocks of(FileChannel file, ReadOptions options) throws IOException {
    return Compression.isCompressed(file)
        ? of(Channels.newInputStream(file), options)
        : new LineBlocks(file::read, false, options);
  }

  /**
   * Fills {@code block} with the next lines.
   *
   * @return whether there were any; none come after a block that {@link Block#isDamaged}
   * @throws IOException if the input fails; the lines before that have come out by then
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
          // Told now: its end may never come.
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
   * Reads on to the end of a line without holding it; what was read behind that is in the block.
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
