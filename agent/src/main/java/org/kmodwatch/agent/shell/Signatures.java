package org.kmodwatch.agent.shell;

import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import org.kmodwatch.core.builtin.BuiltIn;
import org.kmodwatch.core.signature.Signature;

/** Loads the built-in signatures and those of the user's jars. */
public final class Signatures {

  private Signatures() {}

  /**
   * Returns all signatures, in the order of their ids.
   *
   * @param places jars, folders with jars in them, or folders of classes
   * @throws CommandException if a place holds no signature, or a signature cannot be created
   */
  public static List<Signature> load(List<Path> places) {
    try {
      var signatures = new ArrayList<>(BuiltIn.signatures());
      for (Path place : places) {
        signatures.addAll(loadFrom(place));
      }
      signatures.sort(Comparator.comparing(s -> s.metadata().id()));
      return List.copyOf(signatures);
    } catch (ServiceConfigurationError e) {
      throw new CommandException(
          ExitStatus.UNAVAILABLE,
          "a signature cannot be loaded, the jar may be for another version of kmodwatch: "
              + e.getMessage(),
          e);
    }
  }

  /**
   * Loads the signatures of a place. The class loader stays open for the life of the process:
   * classes are loaded at first use.
   */
  @SuppressWarnings("resource")
  private static List<Signature> loadFrom(Path place) {
    var loader = new URLClassLoader(urls(place), Signature.class.getClassLoader());
    List<Signature> found =
        ServiceLoader.load(Signature.class, loader).stream()
            .filter(provider -> loader.equals(provider.type().getClassLoader()))
            .map(ServiceLoader.Provider::get)
            .toList();
    if (found.isEmpty()) {
      throw new CommandException(
          ExitStatus.UNAVAILABLE,
          "no signature there (no jar with META-INF/services/%s): --signatures %s"
              .formatted(Signature.class.getName(), place));
    }
    return found;
  }

  private static URL[] urls(Path place) {
    if (!Files.isReadable(place)) {
      throw new CommandException(
          ExitStatus.UNAVAILABLE,
          "no such file or folder, or not readable, give a jar or a folder of jars: --signatures "
              + place);
    }
    var urls = new ArrayList<URL>();
    try {
      urls.add(place.toUri().toURL());
      if (Files.isDirectory(place)) {
        try (DirectoryStream<Path> jars = Files.newDirectoryStream(place, "*.jar")) {
          for (Path jar : jars) {
            urls.add(jar.toUri().toURL());
          }
        }
      }
    } catch (MalformedURLException e) {
      throw new IllegalArgumentException("not a path: " + place, e);
    } catch (IOException e) {
      throw new CommandException(
          ExitStatus.UNAVAILABLE, "cannot read --signatures %s: %s".formatted(place, e), e);
    }
    return urls.toArray(URL[]::new);
  }
}
