package org.kmodwatch.sensor;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class KernelStringsTest {

  @Test
  void decode_keepsUtf8AndWritesOtherBytesInHex() {
    assertThat(KernelStrings.decode(bytes('a', 0xc3, 0xa9, ' ', '\n'))).isEqualTo("aé \n");
    assertThat(KernelStrings.decode(bytes('a', 0xff, 'b'))).isEqualTo("a\\xffb");
    assertThat(KernelStrings.decode(bytes(0xc3))).isEqualTo("\\xc3");
    assertThat(KernelStrings.decode(bytes(0xed, 0xa0, 0x80))).isEqualTo("\\xed\\xa0\\x80");
    assertThat(KernelStrings.decode(bytes(0xf0, 0x9f, 0x90, 0xa7))).isEqualTo("🐧");
    assertThat(KernelStrings.decode(bytes())).isEmpty();
  }

  private static byte[] bytes(int... values) {
    var bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return bytes;
  }
}
