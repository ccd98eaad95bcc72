package org.kmodwatch.sensor;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/** The BPF object files that this jar contains. {@code build.sh} makes them. */
final class ObjectFiles {

  private ObjectFiles() {}

  static byte[] read(String name) {
    try (InputStream in = ObjectFiles.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException("the BPF object is not in the jar: resource=" + name);
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
