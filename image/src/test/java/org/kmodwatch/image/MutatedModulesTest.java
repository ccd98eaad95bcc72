package org.kmodwatch.image;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

/**
 * Tests 100,000 modules with random changes, from a fixed seed. Each is read or refused quickly,
 * with memory of at most a multiple of its size.
 */
@NullMarked
class MutatedModulesTest {

  private static final int RUNS = 100_000;

  /** Allows for a decoder's window and tables, for any input. */
  private static final long FIXED_BYTES = 24L << 20;

  /** Sets the fixed limit of a module that is not compressed. */
  private static final long PLAIN_FIXED_BYTES = 1L << 20;

  private static final int BYTES_PER_BYTE = 64;

  /**
   * Limits this thread's processor time, for the fastest of three tries, since other work disturbs
   * a try.
   */
  private static final Duration LONGEST = Duration.ofMillis(100);

  private static final int TRIES = 3;

  @Test
  void everyMutationIsReadOrRefusedSoonAndWithinItsMemory() throws Exception {
    var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    List<byte[]> seeds = Seeds.kept();
    var random = new SplittableRandom(20261123);
    int read = 0;
    int refused = 0;
    for (int run = 0; run < RUNS; run++) {
      byte[] module = mutated(seeds.get(run % seeds.size()), random);
      long before = threads.getCurrentThreadAllocatedBytes();
      long start = threads.getCurrentThreadCpuTime();
      boolean wasRead;
      try {
        wasRead = ModuleImageFuzzer.readAll(module);
      } catch (RuntimeException | Error wrong) {
        throw new AssertionError(
            "run %d ended in %s: %s".formatted(run, wrong, HexFormat.of().formatHex(module)),
            wrong);
      }
      long taken = threads.getCurrentThreadAllocatedBytes() - before;
      long nanos = threads.getCurrentThreadCpuTime() - start;
      for (int i = 1; i < TRIES && nanos >= LONGEST.toNanos(); i++) {
        start = threads.getCurrentThreadCpuTime();
        ModuleImageFuzzer.readAll(module);
        nanos = Math.min(nanos, threads.getCurrentThreadCpuTime() - start);
      }
      assertThat(nanos).as("nanoseconds in run %d", run).isLessThan(LONGEST.toNanos());
      boolean plain = Compression.of(ByteBuffer.wrap(module)) == Compression.NONE;
      long bound =
          (plain ? PLAIN_FIXED_BYTES : FIXED_BYTES) + (long) module.length * BYTES_PER_BYTE;
      assertThat(taken).as("bytes allocated in run %d", run).isLessThan(bound);
      if (wasRead) {
        read++;
      } else {
        refused++;
      }
    }
    // Both results occurred often.
    assertThat(read).isGreaterThan(RUNS / 20);
    assertThat(refused).isGreaterThan(RUNS / 20);
  }

  private static byte[] mutated(byte[] seed, SplittableRandom random) {
    byte[] module = seed.clone();
    int changes = 1 + random.nextInt(4);
    for (int i = 0; i < changes && module.length > 0; i++) {
      int at = random.nextInt(module.length);
      switch (random.nextInt(6)) {
        case 0 -> module[at] ^= (byte) (1 << random.nextInt(8));
        case 1 -> module[at] = (byte) random.nextInt();
        case 2 -> Arrays.fill(module, at, Math.min(module.length, at + 8), (byte) 0xff);
        case 3 -> Arrays.fill(module, at, Math.min(module.length, at + 4), (byte) 0);
        case 4 -> module = Arrays.copyOf(module, at);
        default -> {
          int from = random.nextInt(module.length);
          int length = Math.min(random.nextInt(64), module.length - Math.max(at, from));
          System.arraycopy(module.clone(), from, module, at, length);
        }
      }
    }
    return module;
  }
}
