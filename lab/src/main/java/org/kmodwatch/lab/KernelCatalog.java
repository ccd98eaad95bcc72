package org.kmodwatch.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The catalog lists the kernels that the lab can boot, by name; kernels.properties defines them.
 */
public final class KernelCatalog {

  private final Path kernelsFolder;
  private final List<LabKernel> kernels;

  /** Reads the current state of the kernels in this checkout. */
  KernelCatalog(Checkout checkout) {
    this.kernelsFolder = checkout.labFolder().resolve("kernels");
    var all = new ArrayList<LabKernel>();
    for (String line : Resources.text("kernels.properties").lines().toList()) {
      int equals = line.indexOf('=');
      if (!line.startsWith("#") && equals > 0) {
        all.add(kernel(line.substring(0, equals).strip(), line.substring(equals + 1).strip()));
      }
    }
    this.kernels = List.copyOf(all);
  }

  /** Returns all kernels, oldest first. */
  public List<LabKernel> kernels() {
    return kernels;
  }

  /** Returns the newest kernel, which is the default. */
  LabKernel newest() {
    return kernels.getLast();
  }

  /**
   * Returns the kernel of a name.
   *
   * @throws LabException.Usage if there is no kernel of that name
   */
  LabKernel named(String name) {
    return kernels.stream()
        .filter(kernel -> kernel.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new LabException.Usage(
                    "no kernel \"%s\"; there are: %s"
                        .formatted(
                            name,
                            kernels.stream()
                                .map(LabKernel::name)
                                .collect(Collectors.joining(", ")))));
  }

  private LabKernel kernel(String name, String source) {
    Path folder = kernelsFolder.resolve(name);
    Path ready = folder.resolve("ready");
    if (!Files.exists(ready)) {
      return new LabKernel(name, source, folder, "", "", "");
    }
    try {
      String facts = Files.readString(ready);
      return new LabKernel(
          name,
          source,
          folder,
          fact(facts, "package"),
          fact(facts, "version"),
          fact(facts, "release"));
    } catch (IOException e) {
      throw new LabException.HostFailed("cannot read %s: %s".formatted(ready, e.getMessage()), e);
    }
  }

  private static String fact(String facts, String key) {
    return facts
        .lines()
        .filter(line -> line.startsWith(key + "="))
        .map(line -> line.substring(key.length() + 1))
        .findFirst()
        .orElse("");
  }
}
