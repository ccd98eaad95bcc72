package org.kmodwatch.sensor;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/**
 * The words for the purposes for which the kernel reads a file or takes data, by the running
 * kernel's numbers.
 *
 * <p>The numbers of {@code enum kernel_read_file_id} and {@code enum kernel_load_data_id} differ
 * between kernels, even within a stable series. So they are read from the kernel's BTF by the
 * enumerators' names. The words are those of {@code kernel_read_file_str()} in {@code
 * include/linux/kernel_read_file.h}.
 */
final class KernelTypes {

  private static final Map<String, String> WORDS =
      Map.ofEntries(
          Map.entry("UNKNOWN", "unknown"),
          Map.entry("FIRMWARE", "firmware"),
          Map.entry("FIRMWARE_PREALLOC_BUFFER", "firmware"),
          Map.entry("FIRMWARE_EFI_EMBEDDED", "firmware"),
          Map.entry("MODULE", "kernel-module"),
          Map.entry("MODULE_COMPRESSED", "kernel-module-compressed"),
          Map.entry("KEXEC_IMAGE", "kexec-image"),
          Map.entry("KEXEC_INITRAMFS", "kexec-initramfs"),
          Map.entry("POLICY", "security-policy"),
          Map.entry("X509_CERTIFICATE", "x509-certificate"));

  private final Map<Integer, String> readFile;
  private final Map<Integer, String> loadData;

  private KernelTypes(Map<Integer, String> readFile, Map<Integer, String> loadData) {
    this.readFile = readFile;
    this.loadData = loadData;
  }

  /**
   * Creates the table from the enumerators of the two enums, by value.
   *
   * @param readFileIds the enumerators of {@code enum kernel_read_file_id}
   * @param loadDataIds the enumerators of {@code enum kernel_load_data_id}
   */
  static KernelTypes of(Map<Integer, String> readFileIds, Map<Integer, String> loadDataIds) {
    return new KernelTypes(words(readFileIds, "READING_"), words(loadDataIds, "LOADING_"));
  }

  /**
   * Returns the purpose for which a file is read; {@code unknown(N)} for a number that this kernel
   * does not name.
   */
  String ofReadFile(int id) {
    return readFile.getOrDefault(id, "unknown(" + id + ")");
  }

  /**
   * Returns the purpose for which data is taken; {@code unknown(N)} for a number that this kernel
   * does not name.
   */
  String ofLoadData(int id) {
    return loadData.getOrDefault(id, "unknown(" + id + ")");
  }

  private static Map<Integer, String> words(Map<Integer, String> enumerators, String prefix) {
    var words = new HashMap<Integer, String>();
    enumerators.forEach(
        (value, name) -> {
          if (name.startsWith(prefix) && !name.equals(prefix + "MAX_ID")) {
            String rest = name.substring(prefix.length());
            // A kind that is newer than this version also gets a word, by the kernel's own rule.
            words.put(
                value, WORDS.getOrDefault(rest, rest.toLowerCase(Locale.ROOT).replace('_', '-')));
          }
        });
    return words;
  }
}
