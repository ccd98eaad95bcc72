package org.kmodwatch.sensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * Tests the numbers in the headers of different kernels: the same word has another number in each.
 */
final class KernelTypesTest {

  @Test
  void module_isFoundByName_whateverItsNumber() {
    var before510 =
        KernelTypes.of(
            Map.of(3, "READING_FIRMWARE_EFI_EMBEDDED", 4, "READING_MODULE", 9, "READING_MAX_ID"),
            Map.of());
    var from619 =
        KernelTypes.of(
            Map.of(2, "READING_MODULE", 7, "READING_MODULE_COMPRESSED", 8, "READING_MAX_ID"),
            Map.of());

    assertThat(before510.ofReadFile(4)).isEqualTo("kernel-module");
    assertThat(before510.ofReadFile(2)).isEqualTo("unknown(2)");
    assertThat(before510.ofReadFile(3)).isEqualTo("firmware");
    assertThat(from619.ofReadFile(2)).isEqualTo("kernel-module");
    assertThat(from619.ofReadFile(7)).isEqualTo("kernel-module-compressed");
    assertThat(from619.ofReadFile(8)).isEqualTo("unknown(8)");
  }

  @Test
  void everyWord_isTheKernelsOwn() {
    var types =
        KernelTypes.of(
            Map.of(
                0, "READING_UNKNOWN",
                1, "READING_FIRMWARE",
                2, "READING_MODULE",
                3, "READING_KEXEC_IMAGE",
                4, "READING_KEXEC_INITRAMFS",
                5, "READING_POLICY",
                6, "READING_X509_CERTIFICATE",
                7, "READING_SOMETHING_NEW"),
            Map.of(2, "LOADING_MODULE", 3, "LOADING_KEXEC_IMAGE"));

    assertThat(types.ofReadFile(0)).isEqualTo("unknown");
    assertThat(types.ofReadFile(1)).isEqualTo("firmware");
    assertThat(types.ofReadFile(3)).isEqualTo("kexec-image");
    assertThat(types.ofReadFile(4)).isEqualTo("kexec-initramfs");
    assertThat(types.ofReadFile(5)).isEqualTo("security-policy");
    assertThat(types.ofReadFile(6)).isEqualTo("x509-certificate");
    assertThat(types.ofReadFile(7)).isEqualTo("something-new");
    assertThat(types.ofLoadData(2)).isEqualTo("kernel-module");
    assertThat(types.ofLoadData(3)).isEqualTo("kexec-image");
    assertThat(types.ofLoadData(-1)).isEqualTo("unknown(-1)");
  }
}
