package org.kmodwatch.bench;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * Generates recordings for measurements: events of a busy machine with containers, with attempts to
 * load modules among them. The same seed and share give the same bytes.
 *
 * <p>Some thousand lines of each sort are generated once ({@link LineTemplates}). A recording is a
 * random sequence of them, each with its own time, in ascending order. So a recording is written
 * faster than it can be read, and no two lines are equal.
 *
 * <p>A line <em>matches</em> if TRC-1017 raises a finding on it. In each {@value #BLOCK_LINES}
 * lines the share of matches is exact and their places are random. The other events of an attempt
 * ({@code finit_module}, {@code module_load}, {@code module_free}) are placed around its match, as
 * far as the share leaves room. Not thread-safe.
 */
final class RecordingGenerator {

  /** Seeds the recordings for published figures. */
  static final long SEED = 20_251_122;

  /** Sets the number of lines in a block, in which the share of matches is exact. */
  static final int BLOCK_LINES = 1_000;

  private static final int BACKGROUND_TEMPLATES = 4_096;
  private static final int ATTEMPT_TEMPLATES = 1_024;

  /** Sets the first time, 2025-11-22T08:00:00Z. */
  private static final long START_NANOS = 1_763_798_400_000_000_000L;

  /** Limits the step between two lines; the mean is 20 µs, 50,000 events a second. */
  private static final int LONGEST_STEP_NANOS = 40_000;

  private static final int BUFFER_BYTES = 1 << 20;
  private static final long NANOS_A_SECOND = 1_000_000_000L;

  /**
   * Sets the position of the time in a line, by its form: after the key and, in the newer form, a
   * quote.
   */
  private static final int FLAT_TIME_AT = 13;

  private static final int PROTOBUF_TIME_AT = 14;

  private final SplittableRandom random;
  private final int matchesPerBlock;
  private final Template[] background = new Template[BACKGROUND_TEMPLATES];
  private final Attempt[] attempts = new Attempt[ATTEMPT_TEMPLATES];
  private final @Nullable Template[] block = new Template[BLOCK_LINES];
  private int blockAt = BLOCK_LINES;
  private long now = START_NANOS;

  /** Holds the text {@code 2025-11-22T08:00:00.} of the second in {@link #prefixSecond}. */
  private byte[] prefix = {};

  private long prefixSecond;

  /**
   * Creates a generator.
   *
   * @param share the share of lines that match, from 0 to 1; a multiple of 1 / {@value
   *     #BLOCK_LINES}
   */
  RecordingGenerator(long seed, double share) {
    if (!(share >= 0 && share <= 1)) {
      throw new BenchException("the share of matching lines must be from 0 to 1: share=" + share);
    }
    this.random = new SplittableRandom(seed);
    this.matchesPerBlock = (int) Math.round(share * BLOCK_LINES);
    var templates = new LineTemplates(random);
    Arrays.setAll(background, i -> templates.background());
    Arrays.setAll(attempts, i -> templates.attempt());
  }

  /** A template is a line without its time. */
  static final class Template {
    private final byte[] line;
    private final boolean protobuf;
    private final boolean matches;
    private final boolean initModule;

    /**
     * Creates a template.
     *
     * @param line the whole text, newline included, with any time
     * @param protobuf whether it is in the form after 0.24
     * @param matches whether it raises a finding
     * @param initModule whether it is an {@code init_module}
     */
    Template(String line, boolean protobuf, boolean matches, boolean initModule) {
      this.line = line.getBytes(StandardCharsets.UTF_8);
      this.protobuf = protobuf;
      this.matches = matches;
      this.initModule = initModule;
    }
  }

  /**
   * Holds the lines of an attempt to load a module.
   *
   * @param before the lines before the match
   * @param match the line that matches
   * @param after the lines after the match
   */
  record Attempt(List<Template> before, Template match, List<Template> after) {}

  /**
   * Counts the written lines.
   *
   * @param matches the lines that raise a finding
   * @param flatInitModules the matches that are {@code init_module} in the flat form
   * @param protobufInitModules the matches that are {@code init_module} in the other form
   */
  record Account(
      long lines, long bytes, long matches, long flatInitModules, long protobufInitModules) {}

  /** Writes as many whole lines as fit into {@code maxBytes}. */
  Account write(OutputStream out, long maxBytes) throws IOException {
    return write(out, maxBytes, Long.MAX_VALUE);
  }

  /** Writes {@code count} lines. */
  Account writeLines(OutputStream out, long count) throws IOException {
    return write(out, Long.MAX_VALUE, count);
  }

  private Account write(OutputStream out, long maxBytes, long maxLines) throws IOException {
    var buffer = new byte[BUFFER_BYTES];
    int used = 0;
    long lines = 0;
    long bytes = 0;
    long matches = 0;
    long flatInitModules = 0;
    long protobufInitModules = 0;
    while (true) {
      Template next = next();
      int length = next.line.length;
      if (bytes + length > maxBytes || lines == maxLines) {
        out.write(buffer, 0, used);
        return new Account(lines, bytes, matches, flatInitModules, protobufInitModules);
      }
      if (used + length > buffer.length) {
        out.write(buffer, 0, used);
        used = 0;
      }
      render(next, buffer, used);
      used += length;
      bytes += length;
      lines++;
      matches += next.matches ? 1 : 0;
      if (next.initModule) {
        flatInitModules += next.protobuf ? 0 : 1;
        protobufInitModules += next.protobuf ? 1 : 0;
      }
    }
  }

  /** Returns the next {@code count} lines, each with its newline. */
  List<byte[]> lines(int count) {
    var lines = new ArrayList<byte[]>(count);
    for (int i = 0; i < count; i++) {
      Template next = next();
      var line = new byte[next.line.length];
      render(next, line, 0);
      lines.add(line);
    }
    return lines;
  }

  private Template next() {
    if (blockAt == BLOCK_LINES) {
      planBlock();
      blockAt = 0;
    }
    now += 1 + random.nextInt(LONGEST_STEP_NANOS);
    Template planned = block[blockAt++];
    return planned == null ? background[random.nextInt(background.length)] : planned;
  }

  private void planBlock() {
    Arrays.fill(block, null);
    // The matches get their places before all other lines.
    var chosen = new Attempt[BLOCK_LINES];
    int missing = matchesPerBlock;
    for (int place = 0; place < BLOCK_LINES; place++) {
      if (random.nextInt(BLOCK_LINES - place) < missing) {
        chosen[place] = attempts[random.nextInt(attempts.length)];
        block[place] = chosen[place].match();
        missing--;
      }
    }
    for (int place = 0; place < BLOCK_LINES; place++) {
      if (chosen[place] != null) {
        layOut(chosen[place], place);
      }
    }
  }

  private void layOut(Attempt attempt, int place) {
    int before = place - 1 - random.nextInt(3);
    for (Template line : attempt.before()) {
      if (before >= 0 && block[before] == null) {
        block[before] = line;
      }
    }
    int after = place + 1 + random.nextInt(3);
    for (Template line : attempt.after()) {
      if (after < BLOCK_LINES && block[after] == null) {
        block[after] = line;
      }
      after += 1 + random.nextInt(3);
    }
  }

  private void render(Template template, byte[] to, int at) {
    System.arraycopy(template.line, 0, to, at, template.line.length);
    if (!template.protobuf) {
      digits(now, 19, to, at + FLAT_TIME_AT);
      return;
    }
    long second = now / NANOS_A_SECOND;
    if (second != prefixSecond) {
      String text = Instant.ofEpochSecond(second).toString();
      prefix = text.replace('Z', '.').getBytes(StandardCharsets.US_ASCII);
      prefixSecond = second;
    }
    System.arraycopy(prefix, 0, to, at + PROTOBUF_TIME_AT, prefix.length);
    digits(now % NANOS_A_SECOND, 9, to, at + PROTOBUF_TIME_AT + prefix.length);
  }

  private static void digits(long number, int count, byte[] to, int at) {
    long left = number;
    for (int i = at + count - 1; i >= at; i--) {
      to[i] = (byte) ('0' + left % 10);
      left /= 10;
    }
  }
}
