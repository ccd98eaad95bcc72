package org.kmodwatch.lab;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Makes copies of test modules under other names, so that several can be loaded at a time. */
final class RenamedModule {

  private RenamedModule() {}

  /**
   * Writes a copy of a test module with another name, replaced everywhere in its bytes.
   *
   * @param name a name as long as that of {@code module}
   * @param copy the file to write
   */
  static AddedFile of(String kernel, String module, String name, Path copy) throws IOException {
    Path original = Lab.testModule(kernel, module).hostFile();
    String bytes = Files.readString(original, StandardCharsets.ISO_8859_1);
    Files.writeString(copy, bytes.replace(module, name), StandardCharsets.ISO_8859_1);
    return AddedFile.of(copy);
  }
}
