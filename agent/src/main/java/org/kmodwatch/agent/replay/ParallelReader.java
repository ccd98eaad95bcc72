package org.kmodwatch.agent.replay;

import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.read.BlockScanner;
import org.kmodwatch.core.read.EventHandler;
import org.kmodwatch.core.read.LineJoiner;
import org.kmodwatch.core.read.ReadStatistics;
import org.kmodwatch.core.read.ScannedBlock;
import org.kmodwatch.core.scan.Block;
import org.kmodwatch.core.scan.LineBlocks;
import org.kmodwatch.core.scan.ReadOptions;

/**
 * Reads a recording on all processors. Threads take turns to read a block and scan their blocks
 * side by side; the caller's thread takes what they found in the input's order. Threads may be
 * ahead of the caller by so many blocks and so many bytes of lines found, which bounds the memory.
 */
public final class ParallelReader {

  private static final int MAX_BLOCKS_AHEAD = 256;

  /** How long to wait for input before somebody looks on again. */
  private static final long LOOK_MILLIS = 100;

  /** Some 400 ordinary lines, of some KiB each in memory. */
  private static final long MAX_FOUND_BYTES_AHEAD = 512 << 10;

  private final LineBlocks blocks;
  private final ReadOptions options;
  private final Onlooker onlooker;
  private final int threads = Runtime.getRuntime().availableProcessors();
  private final Lookahead ahead = new Lookahead(MAX_BLOCKS_AHEAD, MAX_FOUND_BYTES_AHEAD);

  private final SmallHeap heap = SmallHeap.ofThisMachine();

  /** What came of block n is at n modulo their number. */
  private final AtomicReferenceArray<CompletableFuture<Outcome>> outcomes =
      new AtomicReferenceArray<>(MAX_BLOCKS_AHEAD);

  /** Held to read. */
  private final Object turn = new Object();

  /** What ended a reading thread: it tells of no block, and the caller waits for one. */
  private volatile @Nullable Throwable broken;

  /** Guarded by {@link #turn}. */
  private long blocksRead;

  /** Sees how far it has come. */
  interface Onlooker {

    /** Sees nothing. */
    Onlooker NONE =
        new Onlooker() {
          @Override
          public long position() {
            return 0;
          }

          @Override
          public void at(long position) {
            // It is of no interest.
          }
        };

    /** How many bytes of the input have been read. Called by one reading thread at a time. */
    long position() throws IOException;

    /**
     * Everything up to {@code position} has been handed over. Called on the thread that takes, also
     * every now and then while nothing comes; what it throws ends the reading.
     */
    void at(long position);
  }

  /** What came of one turn. */
  private sealed interface Outcome {
    record Scanned(ScannedBlock block, long position) implements Outcome {}

    record Failed(IOException failure) implements Outcome {}

    /** By a fault of ours, or of the memory. */
    record Broken(Throwable cause) implements Outcome {}

    record End() implements Outcome {}
  }

  private ParallelReader(LineBlocks blocks, ReadOptions options, Onlooker onlooker) {
    this.blocks = blocks;
    this.options = options;
    this.onlooker = onlooker;
    for (int i = 0; i < MAX_BLOCKS_AHEAD; i++) {
      outcomes.set(i, new CompletableFuture<>());
    }
  }

  /**
   * Reads all of {@code blocks} and hands each event that is wanted, and each bad line, to {@code
   * handler}, on this thread.
   *
   * @param fileName what to call the input in messages
   * @param joiner what joins lines that become an event only together; what it still holds in the
   *     end is the caller's
   * @param beforeWaiting is run when everything that was read has been handed over
   * @param onlooker sees how far it has come
   * @return how many lines there were, by what they were
   * @throws IOException if the input fails; the message names the file and the line
   */
  static ReadStatistics read(
      LineBlocks blocks,
      String fileName,
      ReadOptions options,
      LineJoiner joiner,
      EventHandler handler,
      Runnable beforeWaiting,
      Onlooker onlooker)
      throws IOException {
    var reader = new ParallelReader(blocks, options, onlooker);
    for (int i = 0; i < reader.threads; i++) {
      // One may be waiting for input that never comes when an output fails.
      Thread.ofPlatform().daemon().name("replay-" + i).start(reader::run);
    }
    try {
      return reader.take(fileName, joiner, handler, beforeWaiting);
    } finally {
      reader.ahead.end();
    }
  }

  private ReadStatistics take(
      String fileName, LineJoiner joiner, EventHandler handler, Runnable beforeWaiting)
      throws IOException {
    ReadStatistics all = ReadStatistics.NONE;
    long position = 0;
    for (int slot = 0; ; slot = (slot + 1) % MAX_BLOCKS_AHEAD) {
      CompletableFuture<Outcome> next = outcomes.get(slot);
      if (!next.isDone()) {
        beforeWaiting.run();
      }
      long foundBytes;
      switch (await(next, position)) {
        case Outcome.Scanned(var block, long end) -> {
          block.handOver(handler, joiner, fileName, all.lines());
          all = all.plus(block.statistics());
          foundBytes = block.foundBytes();
          position = end;
        }
        case Outcome.Failed(var failure) -> throw all.failure(fileName, failure);
        case Outcome.Broken(var cause) -> throw broken(cause);
        case Outcome.End() -> {
          return all;
        }
      }
      heap.check();
      onlooker.at(position);
      outcomes.set(slot, new CompletableFuture<>());
      ahead.taken(foundBytes);
    }
  }

  private Outcome await(CompletableFuture<Outcome> next, long position) {
    try {
      while (true) {
        try {
          return next.get(LOOK_MILLIS, TimeUnit.MILLISECONDS);
        } catch (TimeoutException nothingYet) {
          if (broken != null) {
            throw broken(broken);
          }
          onlooker.at(position);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while a recording is read", e);
    } catch (ExecutionException e) {
      throw broken(e.getCause());
    }
  }

  private static IllegalStateException broken(@Nullable Throwable cause) {
    return new IllegalStateException("a recording could not be read: " + cause, cause);
  }

  /** Never ends without a word: whoever takes would wait for ever. */
  private void run() {
    try {
      work();
    } catch (RuntimeException | Error e) {
      broken = e;
    }
  }

  private void work() {
    var block = new Block();
    var scanner = new BlockScanner(options);
    while (true) {
      CompletableFuture<Outcome> outcome;
      long position;
      synchronized (turn) {
        if (!ahead.begin()) {
          return;
        }
        outcome = outcomes.get((int) (blocksRead++ % MAX_BLOCKS_AHEAD));
        try {
          if (!blocks.next(block)) {
            finish(outcome, new Outcome.End());
            return;
          }
          position = onlooker.position();
        } catch (IOException e) {
          finish(outcome, new Outcome.Failed(e));
          return;
        } catch (RuntimeException | Error e) {
          // Not to be thrown here: the caller would wait for this block for ever.
          finish(outcome, new Outcome.Broken(e));
          return;
        }
      }
      try {
        ScannedBlock scanned = scanner.scan(block);
        ahead.found(scanned.foundBytes());
        outcome.complete(new Outcome.Scanned(scanned, position));
      } catch (RuntimeException | Error e) {
        outcome.completeExceptionally(e);
        return;
      }
    }
  }

  private void finish(CompletableFuture<Outcome> outcome, Outcome end) {
    ahead.end();
    outcome.complete(end);
  }
}
