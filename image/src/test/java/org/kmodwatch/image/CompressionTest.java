package org.kmodwatch.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CompressionTest {

  @ParameterizedTest
  @ValueSource(strings = {"ordinary", "gzip", "xz", "zstd"})
  void file_isAFormOfTheModuleInIt_andOfNoOther(String form) throws Exception {
    byte[] file = seed(form);
    byte[] module = seed("ordinary");

    assertThat(isFormOf(file, module)).isTrue();
    byte[] changed = module.clone();
    changed[changed.length - 1] ^= 1;
    assertThat(isFormOf(file, changed)).as("its last bit").isFalse();
    assertThat(isFormOf(file, Arrays.copyOf(module, module.length - 1))).as("shorter").isFalse();
    assertThat(isFormOf(file, Arrays.copyOf(module, module.length + 1))).as("longer").isFalse();
    assertThat(isFormOf(file, new byte[0])).isFalse();
    assertThat(isFormOf(file, file)).as("the same bytes, compressed or not").isTrue();
  }

  @Test
  void damagedFile_isSaidToBeDamaged() throws Exception {
    byte[] xz = seed("xz");

    assertThatThrownBy(() -> isFormOf(Arrays.copyOf(xz, xz.length / 2), seed("ordinary")))
        .isInstanceOf(ModuleImageException.class)
        .hasMessageContaining("the xz data cannot be decompressed");
  }

  @Test
  void comparing_endsWhenItsTimeIsOver() throws Exception {
    var clock = new AtomicLong();
    ModuleImageLimits second =
        ModuleImageLimits.DEFAULT.withMaxDecompressing(Duration.ofSeconds(1));

    assertThatThrownBy(
            () ->
                Compression.isFormOf(
                    ByteBuffer.wrap(seed("xz")),
                    ByteBuffer.wrap(seed("ordinary")),
                    second,
                    () -> clock.addAndGet(2_000_000_000)))
        .isInstanceOf(ModuleImageException.class)
        .hasMessageStartingWith("decompression takes longer than is allowed: limit=1000 ms");
  }

  private static byte[] seed(String name) throws Exception {
    return Objects.requireNonNull(Seeds.made().get(name), name);
  }

  private static boolean isFormOf(byte[] file, byte[] module) {
    return Compression.isFormOf(
        ByteBuffer.wrap(file),
        ByteBuffer.wrap(module),
        ModuleImageLimits.DEFAULT,
        System::nanoTime);
  }
}
