package org.kmodwatch.image;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;

/**
 * Runs every operation on an untrusted module, as the fuzzer's target. Only ModuleImageException
 * may be thrown, and counts as an answer.
 */
@NullMarked
public final class ModuleImageFuzzer {

  /** The limits fit the content of a few kilobytes, so that a run is cheap. */
  static final ModuleImageLimits LIMITS =
      new ModuleImageLimits(
          8 << 20, 8 << 20, 200, 16, 9 << 20, Duration.ofSeconds(10), 1 << 20, 100_000, 1 << 20);

  /** Limits the processor time, for instrumented code. */
  private static final Duration LONGEST = Duration.ofSeconds(4);

  /** Allows for a decoder's window and tables, twice. */
  private static final long FIXED_BYTES = 64L << 20;

  private static final long BYTES_PER_BYTE = 1000;

  private static final int RUNS = 4;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private static final SignatureVerifier NO_KEYS = new SignatureVerifier(List.of());

  private ModuleImageFuzzer() {}

  /** Jazzer calls this method. */
  public static void fuzzerTestOneInput(byte[] bytes) {
    // An expensive input runs again: a first run loads classes, which the fuzzer rewrites on this
    // thread. An input that is too expensive each time is a finding.
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

  /** Reads the image, and returns whether it could be read. */
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
