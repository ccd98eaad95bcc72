package org.kmodwatch.sensor;

import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Reads the object file with the BPF programs from the jar. It needs no kernel and no privilege.
 */
final class ObjectFile {

  private ObjectFile() {}

  static byte[] bytes() throws Exception {
    try (InputStream in = Sensor.class.getResourceAsStream("sensor.bpf.o")) {
      if (in == null) {
        throw new IllegalStateException("sensor.bpf.o is not on the path");
      }
      return in.readAllBytes();
    }
  }

  static Path writeTo(Path directory) throws Exception {
    return Files.write(directory.resolve("sensor.bpf.o"), bytes());
  }
}
