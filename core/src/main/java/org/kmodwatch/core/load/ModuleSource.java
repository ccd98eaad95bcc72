package org.kmodwatch.core.load;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.SensorContext.FileIdentity;

/**
 * Decides which file a module is from.
 *
 * <p>{@code finit_module} reads a file, so its file is certain. {@code init_module} takes memory.
 * The sensor then reports a module file that the caller had open, which may belong to another
 * module. Code that has the image compares the two ({@link ImageFacts#file}).
 */
final class ModuleSource {

  private ModuleSource() {}

  /** Returns the file; null without a file, or if it is not known, which adds a gap. */
  static @Nullable FileIdentity of(
      Attempt attempt, @Nullable ImageFacts image, List<LoadRecord.Gap> gaps) {
    FileIdentity file = attempt.file();
    if (attempt.call() != Reasons.Call.INIT || !attempt.fromSensor()) {
      return attempt.unloads() ? null : file;
    }
    if (image != null || file == null) {
      return image == null ? null : image.file();
    }
    String module = attempt.moduleName();
    // Any process can choose a name, but not a signature by a key that the kernel trusts.
    if (module != null
        && ModuleFileNames.isNamedAs(file.path(), module)
        && attempt.signatureIsGood()) {
      gaps.add(
          new LoadRecord.Gap(
              "file", "by its name alone: no image was seen that it could be compared with"));
      return file;
    }
    gaps.add(
        new LoadRecord.Gap(
            "file",
            "the loader had a module file open, and whether the module is from it is not known: no"
                + " image was seen that it could be compared with"));
    return null;
  }
}
