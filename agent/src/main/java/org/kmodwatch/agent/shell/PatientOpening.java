package org.kmodwatch.agent.shell;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Opens a file that may block while it is opened, such as a named pipe without a writer. */
public final class PatientOpening {

  /** Sets the interval between two calls of {@code look}, in milliseconds. */
  private static final long LOOK_MILLIS = 100;

  private PatientOpening() {}

  /**
   * Opens {@code file} in a separate thread.
   *
   * @param look runs in the calling thread at intervals meanwhile; its exception ends the wait
   * @throws IOException if the file cannot be opened
   */
  public static InputStream open(Path file, Runnable look) throws IOException {
    var opened = new CompletableFuture<InputStream>();
    Thread.ofPlatform()
        .daemon()
        .name("replay-open")
        .start(
            () -> {
              try {
                opened.complete(Files.newInputStream(file));
              } catch (IOException | RuntimeException | Error e) {
                opened.completeExceptionally(e);
              }
            });
    try {
      while (true) {
        try {
          return opened.get(LOOK_MILLIS, TimeUnit.MILLISECONDS);
        } catch (TimeoutException notYet) {
          look.run();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while a recording is opened", e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException failure) {
        throw failure;
      }
      throw new IllegalStateException("a recording could not be opened: " + e.getCause(), e);
    }
  }
}
