package org.kmodwatch.agent.identity;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.cert.X509Certificate;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.image.Compression;
import org.kmodwatch.image.ModuleImage;
import org.kmodwatch.image.ModuleImageReader;
import org.kmodwatch.image.SignatureVerifier;

/** Reads module files on this disk, from any machine. */
public final class ModuleFiles {

  /** Java's character for a part of a command line name that it cannot decode. */
  private static final char NO_LETTER = '\ufffd';

  private final KernelKeys keys;
  private final SignatureVerifier verifier;
  private final FileOwners owners;
  private final @Nullable String release;

  /**
   * Creates a reader of module files.
   *
   * @param root the file system with the databases of packages, and kernels
   * @param release the running kernel; null if that is not known
   * @param certificates the certificates to check signatures with
   */
  public ModuleFiles(Path root, @Nullable String release, List<X509Certificate> certificates) {
    this.keys = new KernelKeys(root);
    this.verifier = new SignatureVerifier(certificates);
    this.owners = FileOwners.of(root);
    this.release = release;
  }

  /**
   * Reads a file.
   *
   * @throws IOException if it cannot be read; the message has the file and the reason
   * @throws org.kmodwatch.image.ModuleImageException if it is not a module
   */
  public ModuleReport report(Path file) throws IOException {
    if (Files.isDirectory(file)) {
      throw new IOException("a folder, name the files in it: %s/*.ko".formatted(file));
    }
    if (!Files.exists(file)) {
      if (Files.isSymbolicLink(file)) {
        throw new IOException("a symbolic link that leads nowhere, or around in a circle: " + file);
      }
      if (file.toString().indexOf(NO_LETTER) >= 0) {
        throw new IOException(
            "no such file, or its name is not UTF-8 and cannot be given, make a link to it with a"
                + " plain name (ln -s): "
                + file);
      }
      throw new IOException("no such file: " + file);
    }
    if (!Files.isRegularFile(file)) {
      throw new IOException("not a file that can be read twice: " + file);
    }
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      return report(file, channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size()));
    } catch (NoSuchFileException e) {
      throw new IOException("no such file: " + file, e);
    } catch (java.nio.file.AccessDeniedException e) {
      throw new IOException("no permission to read it: " + file, e);
    } catch (IllegalArgumentException tooLarge) {
      throw new IOException("too large for a module: " + file, tooLarge);
    } catch (InternalError cut) {
      throw new IOException("it became shorter while it was being read: " + file, cut);
    }
  }

  private ModuleReport report(Path file, ByteBuffer bytes) throws IOException {
    ModuleImage image = ModuleImageReader.read(bytes);
    SignatureVerifier.Check check = verifier.verify(image);
    X509Certificate certificate = check.certificate();
    String path = file.toRealPath().toString();
    return new ModuleReport(
        file.toString(),
        bytes.remaining(),
        Digests.sha256(bytes),
        image,
        image.compression() == Compression.NONE ? null : Digests.sha256(image.module()),
        check.status(),
        check.reason(),
        certificate == null ? null : keys.isTrusted(certificate).orElse(null),
        LoadRecord.Place.of(path, release),
        owners.ownerOf(path, bytes).orElse(null));
  }
}
