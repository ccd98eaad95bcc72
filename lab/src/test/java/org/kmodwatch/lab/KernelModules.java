package org.kmodwatch.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.tukaani.xz.XZInputStream;

/** Lists the modules of a kernel of the lab, from its files and kmod's modinfo. */
final class KernelModules {

  private static final int BATCH = 400;

  private KernelModules() {}

  /**
   * Describes one module.
   *
   * @param name the kernel's name for it
   * @param file the path in a guest
   * @param hostFile the path on this host
   * @param depends the modules that it needs, by modinfo
   * @param aliases its aliases besides its name, by modinfo
   */
  record Module(
      String name, String file, Path hostFile, List<String> depends, List<String> aliases) {

    /** Returns the SHA-256 of the decompressed bytes, as the kernel links them. */
    String sha256() throws IOException {
      try (InputStream raw = Files.newInputStream(hostFile);
          InputStream in = file.endsWith(".xz") ? new XZInputStream(raw) : raw) {
        return HexFormat.of()
            .formatHex(MessageDigest.getInstance("SHA-256").digest(in.readAllBytes()));
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException("every Java has SHA-256", e);
      }
    }
  }

  /** Returns all modules by name, in the order of their files' names. */
  static Map<String, Module> of(LabKernel kernel) throws IOException, InterruptedException {
    List<Path> files;
    try (Stream<Path> found = Files.walk(kernel.modules().resolve("kernel"))) {
      files = found.filter(file -> file.toString().matches(".*\\.ko(\\.xz)?")).sorted().toList();
    }
    var modules = new LinkedHashMap<String, Module>();
    for (int from = 0; from < files.size(); from += BATCH) {
      for (Module module :
          modinfo(kernel, files.subList(from, Math.min(from + BATCH, files.size())))) {
        modules.put(module.name(), module);
      }
    }
    return modules;
  }

  private static List<Module> modinfo(LabKernel kernel, List<Path> files)
      throws IOException, InterruptedException {
    Path answer = Files.createTempFile("modinfo", null);
    try {
      var command = new ArrayList<>(List.of("/sbin/modinfo", "-0"));
      files.forEach(file -> command.add(file.toString()));
      int status =
          new ProcessBuilder(command)
              .redirectOutput(answer.toFile())
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start()
              .waitFor();
      assertThat(status).isZero();
      var modules = new ArrayList<Module>();
      for (String entry : Files.readString(answer, StandardCharsets.UTF_8).split("\0", -1)) {
        if (entry.startsWith("filename:")) {
          modules.add(module(kernel, files.get(modules.size())));
        } else if (entry.startsWith("alias=")) {
          modules.getLast().aliases().add(entry.substring("alias=".length()));
        } else if (entry.startsWith("depends=") && !entry.equals("depends=")) {
          modules
              .getLast()
              .depends()
              .addAll(List.of(entry.substring("depends=".length()).split(",", -1)));
        }
      }
      assertThat(modules).hasSameSizeAs(files);
      return modules;
    } finally {
      Files.delete(answer);
    }
  }

  private static Module module(LabKernel kernel, Path hostFile) {
    String inside = kernel.modules().relativize(hostFile).toString();
    return new Module(
        nameOf(Objects.requireNonNull(hostFile.getFileName()).toString()),
        "/usr/lib/modules/%s/%s".formatted(kernel.release(), inside),
        hostFile,
        new ArrayList<>(),
        new ArrayList<>());
  }

  /** Returns the name of the module in a file of this name, by kmod's rule. */
  static String nameOf(String fileName) {
    return fileName.replaceFirst("\\.ko(\\.(xz|gz|zst))?$", "").replace('-', '_');
  }
}
