package org.kmodwatch.agent.replay;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import org.kmodwatch.agent.output.JsonText;
import org.kmodwatch.agent.shell.CommandException;
import org.kmodwatch.agent.shell.ExitStatus;
import org.kmodwatch.core.read.ValueReader;

/**
 * The file that {@code --resume} names. Its content is complete at any time, even after a power
 * cut.
 */
public final class CheckpointFile {

  /** Room for some 10,000 inputs with long names, in an eighth of the smallest heap. */
  private static final int MOST_BYTES = 16 << 20;

  private final Path file;

  CheckpointFile(Path file) {
    this.file = file;
  }

  /**
   * Reads the last checkpoint; empty if the file does not exist.
   *
   * @throws CommandException if the file cannot be read, or has another content
   */
  Optional<Checkpoint> read() {
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      throw new CommandException(
          ExitStatus.USAGE,
          "--resume %s is not a regular file, and is left as it is; give the name of a new file"
              .formatted(file));
    }
    try (InputStream in = Files.newInputStream(file)) {
      byte[] text = in.readNBytes(MOST_BYTES + 1);
      if (text.length > MOST_BYTES) {
        throw new IllegalArgumentException("it is larger than %d MiB".formatted(MOST_BYTES >> 20));
      }
      return Optional.of(Checkpoint.of(ValueReader.read(text)));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IllegalArgumentException e) {
      throw new CommandException(
          ExitStatus.USAGE,
          "--resume %s is no file of an interrupted replay, and is left as it is: %s; give the name of a new file"
              .formatted(file, e.getMessage()),
          e);
    } catch (IOException e) {
      throw new CommandException(
          ExitStatus.UNAVAILABLE,
          "cannot read --resume %s: %s".formatted(file, ReplayCommand.reason(e)),
          e);
    }
  }

  /**
   * Replaces the file's content with {@code checkpoint}.
   *
   * @throws CommandException if that fails; the old content is kept
   */
  void write(Checkpoint checkpoint) {
    Path part = file.resolveSibling(file.getFileName() + ".part");
    try {
      try (FileChannel out =
          FileChannel.open(
              part,
              StandardOpenOption.WRITE,
              StandardOpenOption.CREATE,
              StandardOpenOption.TRUNCATE_EXISTING)) {
        ByteBuffer text =
            ByteBuffer.wrap(
                (JsonText.pretty(checkpoint.toValue()) + "\n").getBytes(StandardCharsets.UTF_8));
        while (text.hasRemaining()) {
          out.write(text);
        }
        out.force(true);
      }
      Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
      forceFolder();
    } catch (IOException e) {
      throw new CommandException(
          ExitStatus.UNAVAILABLE,
          "cannot write --resume %s: %s; make room, or give a file in a folder that can be written to"
              .formatted(file, e),
          e);
    }
  }

  /** Removes the file, after the replay is complete. */
  void delete() {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw new CommandException(
          ExitStatus.UNAVAILABLE,
          "all is done, but --resume %s cannot be removed: %s; remove it".formatted(file, e),
          e);
    }
  }

  /** Syncs the folder, so that the new name is on the disk too. */
  private void forceFolder() throws IOException {
    Path folder = file.toAbsolutePath().getParent();
    if (folder != null) {
      try (FileChannel names = FileChannel.open(folder)) {
        names.force(true);
      }
    }
  }
}
