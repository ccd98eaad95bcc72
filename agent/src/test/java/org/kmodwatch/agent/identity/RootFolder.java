package org.kmodwatch.agent.identity;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.kmodwatch.core.event.SensorContext.FileIdentity;

/** A folder that stands for the root of a host's file system, on a file system of one's choice. */
record RootFolder(Path root) {

  /** Says of what kind the file system is; {@code on} is a file on it. */
  void isOn(String type, Path on) throws IOException {
    long device = identity(on).device();
    Files.createDirectories(root.resolve("proc/self"));
    Files.writeString(
        root.resolve("proc/self/mountinfo"),
        "20 1 0:99 / /proc rw - proc proc rw\n21 1 %d:%d / / rw,noatime shared:1 - %s /dev/vda rw\n"
            .formatted(device >>> 20, device & 0xfffff, type));
  }

  /** A file below the root as the kernel would tell of it. */
  FileIdentity identity(Path file) throws IOException {
    Map<String, Object> found =
        Files.readAttributes(file, "unix:dev,ino,ctime", LinkOption.NOFOLLOW_LINKS);
    return new FileIdentity(
        "/" + root.relativize(file),
        SameFile.kernelDevice(((Number) required(found, "dev")).longValue()),
        ((Number) required(found, "ino")).longValue(),
        ((FileTime) required(found, "ctime")).to(TimeUnit.NANOSECONDS));
  }

  private static Object required(Map<String, Object> found, String name) {
    return Objects.requireNonNull(found.get(name), name);
  }
}
