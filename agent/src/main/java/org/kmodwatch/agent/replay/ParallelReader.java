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
 * Reads a recording on all processors. Threads take turns to read a block, and scan their blocks in
 * parallel. The caller's thread takes the results in the input's order. {@link Lookahead} limits
 * how far the threads are ahead, which limits the memory.
 */
public final class ParallelReader {

  private static final int MAX_BLOCKS_AHEAD = 256;

  /** The time to wait for input between two calls of the onlooker. */
  private static final long LOOK_MILLIS = 100;

  /** About 400 ordinary lines, of a few KiB each in memory. */
  private static final long MAX_FOUND_BYTES_AHEAD = 512 << 10;

  private final LineBlocks blocks;
  private final ReadOptions options;
  private final Onlooker onlooker;
  private final int threads = Runtime.getRuntime().availableProcessors();
  private final Lookahead ahead = new Lookahead(MAX_BLOCKS_AHEAD, MAX_FOUND_BYTES_AHEAD);

  private final SmallHeap heap = SmallHeap.ofThisMachine();

  /** The result of block n is at n modulo the length. */
  private final AtomicReferenceArray<CompletableFuture<Outcome>> outcomes =
      new AtomicReferenceArray<>(MAX_BLOCKS_AHEAD);

  /** The lock that a thread holds while it reads. */
  private final Object turn = new Object();

  /**
   * The error that ended a reading thread. That thread reports no block, and the caller waits for
   * one.
   */
  private volatile @Nullable Throwable broken;

  /** Guarded by {@link #turn}. */
  private long blocksRead;

  /** Follows the progress of the reading. */
  interface Onlooker {

    /** An onlooker that does nothing. */
    Onlooker NONE =
        new Onlooker() {
          @Override
          public long position() {
            return 0;
          }

          @Override
          public void at(long position) {
            // Ignores the position.
          }
        };

    /**
     * Returns how many bytes of the input have been read. Called by one reading thread at a time.
     */
    long position() throws IOException;

    /**
     * Notes that everything up to {@code position} has been processed. Called on the caller's
     * thread, also at intervals while no input comes. An exception ends the reading.
     */
    void at(long position);
  }

  /** The result of one turn. */
  private sealed interface Outcome {
    record Scanned(ScannedBlock block, long position) implements Outcome {}

    record Failed(IOException failure) implements Outcome {}

    /** A fault of Kmodwatch, or lack of memory. */
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
   * Reads all of {@code blocks}. Passes each selected event and each bad line to {@code handler},
   * on this thread.
   *
   * @param fileName the name of the input in messages
   * @param joiner joins lines that form an event only together; the caller takes its remaining
   *     lines at the end
   * @param beforeWaiting runs when everything that was read has been processed
   * @param onlooker follows the progress
   * @return the number of lines of each kind
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
      // A daemon, because it may wait for input that never comes when an output fails.
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
          block.deliver(handler, joiner, fileName, all.lines());
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

  /** Records an error, so that the caller does not wait for ever. */
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
          // Is not thrown here: the caller would wait for this block for ever.
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
