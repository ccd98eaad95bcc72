package org.kmodwatch.lab;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;

/**
 * A file of the host that is copied into the guest.
 *
 * @param hostFile the path on the host
 * @param guestPath the absolute path in the guest
 */
public record AddedFile(Path hostFile, String guestPath) {

  private static final String DEFAULT_FOLDER = "/root/";

  /**
   * Checks the guest's path.
   *
   * @throws LabException.Usage if the guest's path is not absolute or has a line break
   */
  public AddedFile {
    Objects.requireNonNull(hostFile);
    if (!guestPath.startsWith("/") || guestPath.indexOf('\n') >= 0) {
      throw new LabException.Usage(
          "cannot add a file as \"%s\": not an absolute path".formatted(guestPath));
    }
  }

  /** Returns the file under its own name in the guest's /root. */
  public static AddedFile of(Path hostFile) {
    return new AddedFile(hostFile, DEFAULT_FOLDER + fileName(hostFile));
  }

  /**
   * Parses {@code HOSTFILE[:GUESTPATH]}. The text after the last colon is the guest's path, unless
   * a host file has the whole text as its name. A guest path that is not absolute is below /root;
   * one that ends with a slash is a folder.
   *
   * @throws LabException.Usage if there is no such file
   */
  public static AddedFile parse(String text) {
    int colon = text.lastIndexOf(':');
    if (colon < 0 || Files.exists(Path.of(text))) {
      return of(existing(Path.of(text)));
    }
    Path hostFile = existing(Path.of(text.substring(0, colon)));
    String place = text.substring(colon + 1);
    if (!place.startsWith("/")) {
      place = DEFAULT_FOLDER + place;
    }
    if (place.endsWith("/")) {
      place += fileName(hostFile);
    }
    return new AddedFile(hostFile, place);
  }

  private static Path existing(Path file) {
    if (!Files.isRegularFile(file)) {
      throw new LabException.Usage("cannot add %s: no such file".formatted(file));
    }
    return file;
  }

  private static String fileName(Path file) {
    return Objects.requireNonNull(file.getFileName(), "a file has a name").toString();
  }
}
