package org.kmodwatch.sensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
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

  @Test
  void decodeTerminated_endsAtTheNul_orWithTheField() {
    assertThat(KernelStrings.decodeTerminated(buffer("ab\0c"), 0, 4)).isEqualTo("ab");
    assertThat(KernelStrings.decodeTerminated(buffer("abcd"), 1, 2)).isEqualTo("bc");
    assertThat(KernelStrings.decodeTerminated(buffer("\0"), 0, 1)).isEmpty();
  }

  @Test
  void decodeList_takesTheLast_whetherOrNotItIsEnded() {
    assertThat(KernelStrings.decodeList(buffer("a\0\0b\0"), 0, 5)).containsExactly("a", "", "b");
    assertThat(KernelStrings.decodeList(buffer("a\0b"), 0, 3)).containsExactly("a", "b");
    assertThat(KernelStrings.decodeList(buffer(""), 0, 0)).isEmpty();
  }

  @Test
  void decodePath_putsTheNamesTheOtherWayRound() {
    assertThat(path("x.ko\0lib\0usr\0")).isEqualTo("/usr/lib/x.ko");
    assertThat(path("x.ko\0lib")).isEqualTo("/lib/x.ko");
    assertThat(path("")).isEqualTo("/");
    assertThat(path("\0")).isEqualTo("/");
    assertThat(path("\0a\0")).isEqualTo("/a/");
    assertThat(path("b\0\0a\0")).isEqualTo("/a//b");
    assertThat(path("é\0日\0")).isEqualTo("/日/é");
  }

  @Test
  void decodePath_keepsEachByteThatIsNoUtf8_evenNextToAnotherName() {
    ByteBuffer parts = ByteBuffer.wrap(bytes(0xa9, 'b', 0, 'a', 0xc3, 0));

    assertThat(KernelStrings.decodePath(parts, 0, 6, false, false)).isEqualTo("/a\\xc3/\\xa9b");
  }

  @Test
  void decodePath_saysWhatIsMissing() {
    ByteBuffer parts = buffer("x\0a\0");

    assertThat(KernelStrings.decodePath(parts, 0, 4, true, false)).isEqualTo("…/a/x");
    assertThat(KernelStrings.decodePath(parts, 0, 4, false, true)).isEqualTo("/a/x (deleted)");
  }

  private static String path(String parts) {
    ByteBuffer buffer = buffer(parts);
    return KernelStrings.decodePath(buffer, 0, buffer.limit(), false, false);
  }

  private static ByteBuffer buffer(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
  }

  private static byte[] bytes(int... values) {
    var bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return bytes;
  }
}
