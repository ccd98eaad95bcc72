package org.kmodwatch.agent;

import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.kmodwatch.core.format.Block;
import org.kmodwatch.core.format.BlockScanner;
import org.kmodwatch.core.format.EventHandler;
import org.kmodwatch.core.format.LineBlocks;
import org.kmodwatch.core.format.ReadOptions;
import org.kmodwatch.core.format.ReadStatistics;
import org.kmodwatch.core.format.ScannedBlock;

/**
 * Reads a recording on all processors. Threads take turns to read a block and scan their blocks
 * side by side; the caller's thread takes what they found in the input's order. A thread may be
 * ahead of the caller by a few blocks, which bounds the memory.
 */
final class ParallelReader {

  private static final int BLOCKS_A_THREAD = 3;

  private final LineBlocks blocks;
  private final ReadOptions options;
  private final int threads = Runtime.getRuntime().availableProcessors();
  private final int ahead = BLOCKS_A_THREAD * threads;

  /** How many more blocks may be read before the caller has taken one. */
  private final Semaphore room = new Semaphore(ahead);

  /** What came of block n is at n modulo their number. */
  private final AtomicReferenceArray<CompletableFuture<Outcome>> outcomes =
      new AtomicReferenceArray<>(ahead);

  private final Object turn = new Object();

  /** Guarded by {@link #turn}. */
  private long blocksRead;

  private volatile boolean over;

  /** What came of one turn. */
  private sealed interface Outcome {
    record Scanned(ScannedBlock block) implements Outcome {}

    record Failed(IOException failure) implements Outcome {}

    record End() implements Outcome {}
  }

  private ParallelReader(LineBlocks blocks, ReadOptions options) {
    this.blocks = blocks;
    this.options = options;
    for (int i = 0; i < ahead; i++) {
      outcomes.set(i, new CompletableFuture<>());
    }
  }

  /**
   * Reads all of {@code blocks} and hands each event that is wanted, and each bad line, to {@code
   * handler}, on this thread.
   *
   * @param fileName what to call the input in messages
   * @param beforeWaiting is run when everything that was read has been handed over
   * @return how many lines there were, by what they were
   * @throws IOException if the input fails; the message names the file and the line
   */
  static ReadStatistics read(
      LineBlocks blocks,
      String fileName,
      ReadOptions options,
      EventHandler handler,
      Runnable beforeWaiting)
      throws IOException {
    var reader = new ParallelReader(blocks, options);
    for (int i = 0; i < reader.threads; i++) {
      // One may be waiting for input that never comes when an output fails.
      Thread.ofPlatform().daemon().name("replay-" + i).start(reader::work);
    }
    try {
      return reader.take(fileName, handler, beforeWaiting);
    } finally {
      reader.over = true;
      reader.room.release(reader.threads);
    }
  }

  private ReadStatistics take(String fileName, EventHandler handler, Runnable beforeWaiting)
      throws IOException {
    ReadStatistics all = ReadStatistics.NONE;
    for (int slot = 0; ; slot = (slot + 1) % ahead) {
      CompletableFuture<Outcome> next = outcomes.get(slot);
      if (!next.isDone()) {
        beforeWaiting.run();
      }
      switch (await(next)) {
        case Outcome.Scanned(var block) -> {
          block.handOver(handler, fileName, all.lines());
          all = all.plus(block.statistics());
        }
        case Outcome.Failed(var failure) -> throw all.failure(fileName, failure);
        case Outcome.End() -> {
          return all;
        }
      }
      outcomes.set(slot, new CompletableFuture<>());
      room.release();
    }
  }

  private static Outcome await(CompletableFuture<Outcome> next) {
    try {
      return next.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while a recording is read", e);
    } catch (ExecutionException e) {
      throw new IllegalStateException("a recording could not be read: " + e.getCause(), e);
    }
  }

  private void work() {
    var block = new Block();
    var scanner = new BlockScanner(options);
    while (true) {
      room.acquireUninterruptibly();
      CompletableFuture<Outcome> outcome;
      boolean any;
      synchronized (turn) {
        if (over) {
          return;
        }
        outcome = outcomes.get((int) (blocksRead++ % ahead));
        try {
          any = blocks.next(block);
        } catch (IOException e) {
          over = true;
          outcome.complete(new Outcome.Failed(e));
          return;
        }
        over |= !any;
      }
      if (!any) {
        outcome.complete(new Outcome.End());
        return;
      }
      try {
        outcome.complete(new Outcome.Scanned(scanner.scan(block)));
      } catch (RuntimeException | Error e) {
        outcome.completeExceptionally(e);
        return;
      }
    }
  }
}
