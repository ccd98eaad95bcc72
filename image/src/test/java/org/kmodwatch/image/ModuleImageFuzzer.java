package org.kmodwatch.image;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;

/**
 * What the fuzzer calls: everything that is done to a module of a stranger. Only the one exception
 * may come out, and that is taken for an answer.
 */
@NullMarked
public final class ModuleImageFuzzer {

  /** Room for what a few kilobytes may hold, so that a run costs little. */
  static final ModuleImageLimits LIMITS =
      new ModuleImageLimits(
          8 << 20, 8 << 20, 200, 16, 9 << 20, Duration.ofSeconds(10), 1 << 20, 100_000, 1 << 20);

  /** Of a processor, and of instrumented code. */
  private static final Duration LONGEST = Duration.ofSeconds(4);

  /** A decoder's window and tables, twice. */
  private static final long FIXED_BYTES = 64L << 20;

  private static final long BYTES_PER_BYTE = 1000;

  private static final int RUNS = 4;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private static final SignatureVerifier NO_KEYS = new SignatureVerifier(List.of());

  private ModuleImageFuzzer() {}

  /** Called by Jazzer. */
  public static void fuzzerTestOneInput(byte[] bytes) {
    // Again where it cost too much: what runs for the first time loads classes, which the fuzzer
    // rewrites on this thread. What is too much each time is a finding.
    String excess = "";
    for (int i = 0; i < RUNS; i++) {
      String found = excess(bytes);
      if (found == null) {
        return;
      }
      excess += found + "; ";
    }
    require(false, excess);
  }

  private static @Nullable String excess(byte[] bytes) {
    long beginNanos = THREADS.getCurrentThreadCpuTime();
    long beginBytes = THREADS.getCurrentThreadAllocatedBytes();
    boolean ignored = readAll(bytes);
    long nanos = THREADS.getCurrentThreadCpuTime() - beginNanos;
    long allocated = THREADS.getCurrentThreadAllocatedBytes() - beginBytes;
    return nanos < LONGEST.toNanos()
            && allocated < FIXED_BYTES + (long) bytes.length * BYTES_PER_BYTE
        ? null
        : "too slow, or too much memory: bytes=%d, nanos=%d, taken=%d"
            .formatted(bytes.length, nanos, allocated);
  }

  /** Whether it could be read. */
  static boolean readAll(byte[] bytes) {
    ModuleImage image;
    try {
      image = ModuleImageReader.read(ByteBuffer.wrap(bytes), LIMITS);
    } catch (ModuleImageException refused) {
      require(refused.getMessage() != null, "an error without words");
      return false;
    }
    image.info().parameters().forEach(p -> require(!p.toString().isEmpty(), "a parameter"));
    require(image.machineName() != null, "a machine");
    require(image.info().depends().stream().noneMatch(String::isEmpty), "a dependency");
    SignatureStatus status = NO_KEYS.verify(image).status();
    require(status != SignatureStatus.VALID, "never valid without a key");
    require(
        (status == SignatureStatus.UNSIGNED) == (image.signature() == null),
        "a signature that is there and not: " + status);
    return true;
  }

  private static void require(boolean holds, String what) {
    if (!holds) {
      throw new AssertionError(what);
    }
  }
}
