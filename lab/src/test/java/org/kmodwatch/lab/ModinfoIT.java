package org.kmodwatch.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.kmodwatch.agent.identity.ModuleFiles;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.image.SigningCertificates;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/**
 * Compares {@code inspect} with kmod's modinfo on every module of whole Debian kernels. Each module
 * must be signed by a key that is built into its kernel.
 */
final class ModinfoIT {

  private static final int BATCH = 400;

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "kernels/6.1, 1000",
    "kernels/6.12, 1000",
    "packages/linux-image-amd64, 3500",
  })
  void inspectAgreesWithModinfo_forEveryModuleOfAKernel(String folder, int atLeast)
      throws Exception {
    Path kernel = Checkout.find().labFolder().resolve(folder);
    List<Path> modules = files(kernel.resolve("lib/modules"), ".*\\.ko(\\.xz)?");
    assertThat(modules).hasSizeGreaterThan(atLeast);
    var certificates = new ArrayList<X509Certificate>();
    for (Path image : files(kernel.resolve("boot"), ".*/vmlinuz-.*")) {
      certificates.addAll(SigningCertificates.of(image));
    }
    var inspector = new ModuleFiles(kernel, null, certificates);

    for (int from = 0; from < modules.size(); from += BATCH) {
      List<Path> batch = modules.subList(from, Math.min(from + BATCH, modules.size()));
      List<Said> theirs = modinfo(batch);
      assertThat(theirs).hasSameSizeAs(batch);
      for (int i = 0; i < batch.size(); i++) {
        JsonNode report = json(inspector.report(batch.get(i)).toJson());
        assertThat(ofReport(report)).as("%s", batch.get(i)).isEqualTo(theirs.get(i));
        assertThat(report.at("/signature/status").asString())
            .as("signature of %s", batch.get(i))
            .isEqualTo("valid");
      }
    }
  }

  /**
   * Holds the description of a module, by inspect or by modinfo.
   *
   * @param entries the values of each key in the order of the file, without parameters
   * @param parameters the parameters as "name:description (type)", sorted
   */
  private record Said(Map<String, List<String>> entries, TreeSet<String> parameters) {
    Said() {
      this(new LinkedHashMap<>(), new TreeSet<>());
    }

    void add(String key, String value) {
      entries.computeIfAbsent(key, unknown -> new ArrayList<>()).add(value);
    }
  }

  private static Said ofReport(JsonNode report) {
    var said = new Said();
    for (Map.Entry<String, JsonNode> entry : report.get("modinfo").properties()) {
      if (!List.of("parm", "parmtype").contains(entry.getKey())) {
        entry.getValue().forEach(value -> said.add(entry.getKey(), value.asString()));
      }
    }
    JsonNode signature = report.get("signature");
    if (signature.has("keyId")) {
      said.add("sig_id", "PKCS#7");
      said.add("signer", signature.path("signer").asString());
      said.add("sig_key", signature.path("keyId").asString());
      said.add("sig_hashalgo", signature.path("digest").asString());
      said.add("signature", signature.path("value").asString());
    }
    for (JsonNode parameter : report.get("parameters")) {
      said.parameters().add(parameter(parameter));
    }
    return said;
  }

  /** Formats a parameter as modinfo does: the type is in brackets only after a description. */
  private static String parameter(JsonNode parameter) {
    String type = parameter.path("type").asString("");
    String description = parameter.path("description").asString("");
    return parameter.get("name").asString()
        + ":"
        + (description.isEmpty() ? type : description + (type.isEmpty() ? "" : " (" + type + ")"));
  }

  /**
   * Returns the answers for each file, in order. With -0, entries, file names and parameters end in
   * NUL.
   */
  private static List<Said> modinfo(List<Path> modules) throws IOException, InterruptedException {
    Path answer = Files.createTempFile("modinfo", null);
    try {
      var command = new ArrayList<>(List.of("/sbin/modinfo", "-0"));
      modules.forEach(module -> command.add(module.toString()));
      Process process =
          new ProcessBuilder(command)
              .redirectOutput(answer.toFile())
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      assertThat(process.waitFor()).isZero();
      var all = new ArrayList<Said>();
      for (String entry : Files.readString(answer, StandardCharsets.UTF_8).split("\0", -1)) {
        if (entry.startsWith("filename:")) {
          all.add(new Said());
        } else if (entry.startsWith("parm:")) {
          all.getLast().parameters().add(entry.substring("parm:".length()).stripLeading());
        } else if (!entry.isEmpty()) {
          int equals = entry.indexOf('=');
          String key = entry.substring(0, equals);
          String value = entry.substring(equals + 1);
          all.getLast().add(key, key.equals("signature") ? plainHex(value) : value);
        }
      }
      return all;
    } finally {
      Files.delete(answer);
    }
  }

  private static String plainHex(String value) {
    return value.replaceAll("[:\\s]", "").toLowerCase(Locale.ROOT);
  }

  private static JsonNode json(Value value) {
    return new ObjectMapper()
        .readTree(Objects.requireNonNull(org.kmodwatch.agent.output.JsonText.line(value)));
  }

  private static List<Path> files(Path folder, String pattern) throws IOException {
    try (Stream<Path> found = Files.walk(folder)) {
      return found
          .filter(file -> file.toString().matches(pattern) && Files.isRegularFile(file))
          .sorted()
          .collect(Collectors.toList());
    }
  }
}
