package org.kmodwatch.sensor.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Random;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

@NullMarked
class Sha256Test {

  /** Holds the test vector of FIPS 180-2, appendix B.1. */
  private static final String OF_ABC =
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

  @Test
  void digest_isTheStandards_byEitherWay() {
    ByteBuffer abc = ByteBuffer.wrap("abc".getBytes(StandardCharsets.US_ASCII));

    assertThat(HexFormat.of().formatHex(Sha256.of(abc))).isEqualTo(OF_ABC);
    assertThat(HexFormat.of().formatHex(Sha256.byJava(abc))).isEqualTo(OF_ABC);
  }

  @Test
  void digest_isOfTheBytesBetweenPositionAndLimit_whereverTheyAre() {
    var bytes = new byte[100_000];
    new Random(7).nextBytes(bytes);
    byte[] expected = Sha256.byJava(ByteBuffer.wrap(bytes, 5, 70_000));
    ByteBuffer direct = ByteBuffer.allocateDirect(bytes.length).put(bytes);

    assertThat(Sha256.of(ByteBuffer.wrap(bytes, 5, 70_000))).isEqualTo(expected);
    assertThat(Sha256.of(ByteBuffer.wrap(bytes, 5, 70_000).asReadOnlyBuffer())).isEqualTo(expected);
    assertThat(Sha256.of(direct.position(5).limit(70_005))).isEqualTo(expected);
    assertThat(direct.position()).isEqualTo(5);
  }

  @Test
  void digestOfNothing_isTheOneOfNothing() {
    assertThat(Sha256.of(ByteBuffer.allocate(0))).isEqualTo(Sha256.byJava(ByteBuffer.allocate(0)));
  }

  @Test
  void libcrypto_isNotCleanedUp_whereTheProcessExits() throws Exception {
    assertThat(exitStatusOf(UserOfLibcrypto.class)).isZero();
  }

  private static int exitStatusOf(Class<?> program) throws Exception {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    Process process =
        new ProcessBuilder(
                java,
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                program.getName())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    return process.waitFor();
  }

  /** Aborts the process if libcrypto runs its exit handlers. */
  @SuppressWarnings("restricted") // the test needs C
  static final class UserOfLibcrypto {

    private UserOfLibcrypto() {}

    public static void main(String[] args) {
      byte[] _ = Sha256.of(ByteBuffer.allocate(1));
      SymbolLookup libcrypto = SymbolLookup.libraryLookup("libcrypto.so.3", Arena.global());
      long abort = Native.libc().findOrThrow("abort").address();
      long registered = CFunction.of(libcrypto, "OPENSSL_atexit").call(abort);
      if ((int) registered != 1) {
        throw new IllegalStateException("OPENSSL_atexit refused");
      }
    }
  }
}
