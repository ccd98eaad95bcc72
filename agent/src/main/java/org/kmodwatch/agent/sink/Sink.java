package org.kmodwatch.agent.sink;

import java.time.Duration;
import java.util.Optional;
import org.kmodwatch.agent.output.Notice;
import org.kmodwatch.agent.output.Output;
import org.kmodwatch.agent.output.Stall;

/**
 * A sink delivers notices to one receiver: in order, at least once, each with a stable id
 * (docs/reference/sinks.md). One thread calls the methods of {@link Output}, which neither wait nor
 * throw. Any thread may call {@link #account}.
 */
sealed interface Sink extends Output, AutoCloseable permits LocalSink, SpooledSink {

  /** Starts the threads of the sink. */
  void start();

  @Override
  void accept(Notice notice);

  @Override
  default void flush() {
    // Each item is already queued.
  }

  /**
   * Waits until no item is in memory only, at most {@code atMost}. Does not wait for a disk or an
   * output that fails or is slow.
   *
   * @return whether a kill at this moment would lose no item
   */
  boolean awaitWritten(Duration atMost);

  /**
   * Returns a stall if items are pending and nothing was accepted for longer than {@code after}.
   */
  Optional<Stall> stall(Duration after);

  /** Returns the account of the sink. */
  SinkAccount account();

  /** Sets the limit of items in memory, in bytes. */
  void limitMemory(long bytes);

  /** Ends the sink for good, and delivers what it can in some seconds. */
  @Override
  void close();

  /** Ends the sink before another sink of the same name may take its place. */
  void leave();

  boolean isClosed();
}
