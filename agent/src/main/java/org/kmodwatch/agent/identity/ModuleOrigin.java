package org.kmodwatch.agent.identity;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.SensorContext.FileIdentity;
import org.kmodwatch.image.Compression;
import org.kmodwatch.image.ModuleImageException;
import org.kmodwatch.image.ModuleImageLimits;

/**
 * Compares a module in memory with a file: with the file's bytes, or with the decompressed bytes.
 * Results are cached, up to a limit, because hosts load the same few modules again and again.
 */
final class ModuleOrigin {

  /** The decompression time to save up. Some hundred modules of a boot are loaded at once. */
  private static final Duration MOST_SAVED = Duration.ofSeconds(30);

  private final SameFile files;
  private final ReadingMarks marks;
  private final LongSupplier nanoClock;
  private final DecompressionTime time;
  private final Map<Pair, Answer> known = new RecentMap<>(LoadedImages.MAX_KNOWN);

  ModuleOrigin(SameFile files, ReadingMarks marks, LongSupplier nanoClock) {
    this.files = files;
    this.marks = marks;
    this.nanoClock = nanoClock;
    this.time = new DecompressionTime(nanoClock, MOST_SAVED);
  }

  private record Pair(FileIdentity file, String sha256) {}

  /**
   * The result: whether a module is from a file.
   *
   * @param same whether it is from the file; false also if that is not known
   * @param problem why it is not known; null if it is known
   */
  record Answer(boolean same, @Nullable String problem) {
    private static final Answer YES = new Answer(true, null);
    private static final Answer NO = new Answer(false, null);

    private static Answer unknown(String problem) {
      return new Answer(false, problem);
    }
  }

  /**
   * Compares a module with a file.
   *
   * @param event any event of the attempt
   * @param sha256 the hash of the module
   * @param module its bytes; null if there was no memory for them
   */
  Answer compare(Event event, FileIdentity file, String sha256, @Nullable ByteBuffer module) {
    var pair = new Pair(file, sha256);
    Answer before = known.get(pair);
    if (before != null) {
      return before;
    }
    if (module == null) {
      return Answer.unknown("there was no memory for all of it");
    }
    Optional<Answer> read = files.read(file, contents -> compare(event, contents, module));
    Answer answer =
        read.orElse(Answer.unknown("the file cannot be read here, or is no longer what it was"));
    if (answer.problem() == null) {
      known.put(pair, answer);
    }
    return answer;
  }

  private Answer compare(Event event, ByteBuffer contents, ByteBuffer module) {
    if (Compression.of(contents) == Compression.NONE) {
      return contents.equals(module) ? Answer.YES : Answer.NO;
    }
    Duration longest = time.next();
    if (longest.isZero()) {
      return Answer.unknown("too much time was spent on compressed files lately");
    }
    if (!marks.begin(event)) {
      return Answer.unknown("Kmodwatch ended as it read it before, and does not read it again");
    }
    long beganNanos = nanoClock.getAsLong();
    try {
      ModuleImageLimits limits = ModuleImageLimits.DEFAULT.withMaxDecompressing(longest);
      return Compression.isFormOf(contents, module, limits, nanoClock) ? Answer.YES : Answer.NO;
    } catch (ModuleImageException notReadable) {
      return Answer.unknown("the file cannot be read: " + notReadable.getMessage());
    } finally {
      marks.end();
      time.spent(nanoClock.getAsLong() - beganNanos);
    }
  }
}
