package org.kmodwatch.sensor.kernel;

import static org.kmodwatch.sensor.kernel.Native.LONG;
import static org.kmodwatch.sensor.kernel.Native.POINTER;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Computes SHA-256 of many bytes at once: with OpenSSL's libcrypto where that is installed, else
 * with Java. The result is the same. Java's own code is only as fast after its second compiler has
 * compiled it. Kmodwatch runs without that compiler, and then Java takes ten times as long
 * (docs/reference/module-images.md). Several threads may use it.
 */
@SuppressWarnings("restricted") // native access is this package's purpose
public final class Sha256 {

  private static final int DIGEST_BYTES = 32;

  /** The libraries of OpenSSL 3 and 1.1. */
  private static final List<String> LIBRARIES = List.of("libcrypto.so.3", "libcrypto.so.1.1");

  /** OPENSSL_INIT_NO_ATEXIT, openssl/crypto.h. */
  private static final long INIT_NO_ATEXIT = 0x80000;

  private static final @Nullable MethodHandle LIBCRYPTO = libcrypto();

  private Sha256() {}

  /**
   * Returns the digest of the bytes between position and limit: 32 bytes. Changes neither position
   * nor limit.
   */
  public static byte[] of(ByteBuffer bytes) {
    return LIBCRYPTO == null ? byJava(bytes) : byLibcrypto(LIBCRYPTO, bytes);
  }

  private static byte[] byLibcrypto(MethodHandle function, ByteBuffer bytes) {
    MemorySegment data = MemorySegment.ofBuffer(bytes);
    var digest = new byte[DIGEST_BYTES];
    try {
      var _ =
          (MemorySegment)
              function.invokeExact(data, data.byteSize(), MemorySegment.ofArray(digest));
      return digest;
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  static byte[] byJava(ByteBuffer bytes) {
    return JavaDigest.of("SHA-256", bytes);
  }

  /**
   * Finds the C function {@code unsigned char *SHA256(const unsigned char *d, size_t n, unsigned
   * char *md)} of openssl/sha.h.
   */
  private static @Nullable MethodHandle libcrypto() {
    for (String library : LIBRARIES) {
      try {
        SymbolLookup lookup = SymbolLookup.libraryLookup(library, Arena.global());
        Optional<MemorySegment> function = lookup.find("SHA256");
        if (function.isPresent()) {
          keepAtExit(lookup);
          return Linker.nativeLinker()
              .downcallHandle(
                  function.get(),
                  FunctionDescriptor.of(POINTER, POINTER, LONG, POINTER),
                  // The bytes may be in the heap.
                  Linker.Option.critical(true));
        }
      } catch (IllegalArgumentException notInstalled) {
        // The next library, or Java.
      }
    }
    return null;
  }

  /**
   * Keeps libcrypto from freeing all of its memory when the process exits. That memory includes the
   * data of each thread that used libcrypto. Such a thread frees its own data as it ends. Java
   * considers a thread ended a little earlier, so both may free the data at once. Then glibc aborts
   * the process because of a double free (crypto/initthread.c, init_thread_deregister and
   * init_thread_destructor).
   */
  private static void keepAtExit(SymbolLookup libcrypto) {
    long ignored = CFunction.of(libcrypto, "OPENSSL_init_crypto").call(INIT_NO_ATEXIT, 0);
  }
}
