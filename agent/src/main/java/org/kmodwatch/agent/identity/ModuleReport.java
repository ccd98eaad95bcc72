package org.kmodwatch.agent.identity;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.agent.output.Ansi;
import org.kmodwatch.agent.output.PlainText;
import org.kmodwatch.agent.output.TextTable;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.load.LoadRecords;
import org.kmodwatch.image.AppendedSignature;
import org.kmodwatch.image.ModuleImage;
import org.kmodwatch.image.ModuleInfo;
import org.kmodwatch.image.ModuleSymbols;
import org.kmodwatch.image.SignatureStatus;

/**
 * The report about a module file: for a person, and for a program in the schema {@value #SCHEMA}
 * (docs/reference/module-images.md).
 *
 * @param path the path in the request
 * @param sizeBytes the size of the file
 * @param sha256 the hash of the file
 * @param image the module in it
 * @param decompressedSha256 the hash of the module in it; null if it is not compressed
 * @param status the status of its signature
 * @param reason why the signature is not valid; null if it is valid, or there is no signature
 * @param trustedByKernel whether the running kernel has the key of a valid signature; null if that
 *     is not known
 * @param place the type of its folder
 * @param owner its package; null if it is in no known package
 */
public record ModuleReport(
    String path,
    long sizeBytes,
    String sha256,
    ModuleImage image,
    @Nullable String decompressedSha256,
    SignatureStatus status,
    @Nullable String reason,
    @Nullable Boolean trustedByKernel,
    LoadRecord.Place place,
    LoadRecord.@Nullable PackageOwner owner) {

  /** The schema's name and version. */
  public static final String SCHEMA = "kmodwatch.module/1";

  private static final int WIDTH = 84;

  /** How many aliases or symbols are shown. The rest is counted. */
  private static final int MAX_SHOWN = 6;

  /** Returns the report as an object, with its keys in the order of the schema. */
  public Value.Obj toJson() {
    var json = new LinkedHashMap<String, Value>();
    json.put("schema", Value.of(SCHEMA));
    json.put("file", Value.of(path));
    json.put("sizeBytes", Value.of(sizeBytes));
    json.put("sha256", Value.of(sha256));
    if (decompressedSha256 != null) {
      json.put("compression", Value.of(image.compression().word()));
      var decompressed = new LinkedHashMap<String, Value>();
      decompressed.put("sizeBytes", Value.of((long) image.module().remaining()));
      decompressed.put("sha256", Value.of(decompressedSha256));
      json.put("decompressed", new Value.Obj(decompressed));
    }
    put(json, "name", image.name());
    json.put("machine", Value.of(image.machineName()));
    json.put("class", Value.of((long) image.elfClass()));
    json.put("byteOrder", Value.of(byteOrder()));
    put(json, "buildId", image.buildId());
    json.put("intree", Value.of(image.info().intree()));
    json.put("depends", Value.ofStrings(image.info().depends()));
    json.put("modinfo", modinfo());
    json.put(
        "parameters",
        array(
            image.info().parameters(),
            p -> {
              var fields = new LinkedHashMap<String, Value>();
              fields.put("name", Value.of(p.name()));
              put(fields, "type", p.type());
              put(fields, "description", p.description());
              return fields;
            }));
    json.put("imports", array(image.symbols().imports(), ModuleReport::toJson));
    json.put(
        "exports",
        array(
            image.symbols().exports(),
            export -> {
              var fields = new LinkedHashMap<String, Value>();
              fields.put("name", Value.of(export.name()));
              fields.put("gplOnly", Value.of(export.gplOnly()));
              return fields;
            }));
    json.put("signature", signatureJson());
    json.put("place", Value.of(LoadRecords.word(place)));
    if (owner != null) {
      var fields = new LinkedHashMap<String, Value>();
      fields.put("manager", Value.of(owner.manager()));
      fields.put("name", Value.of(owner.name()));
      fields.put("version", Value.of(owner.version()));
      if (owner.changed() != null) {
        fields.put("changed", Value.of(owner.changed()));
      }
      json.put("package", new Value.Obj(fields));
    }
    return new Value.Obj(json);
  }

  /** Returns every entry of .modinfo: its key, and all its values in the order of the file. */
  private Value modinfo() {
    var byKey = new LinkedHashMap<String, List<String>>();
    for (ModuleInfo.Entry entry : image.info().entries()) {
      byKey.computeIfAbsent(entry.key(), key -> new ArrayList<>()).add(entry.value());
    }
    var fields = new LinkedHashMap<String, Value>();
    byKey.forEach((key, values) -> fields.put(key, Value.ofStrings(values)));
    return new Value.Obj(fields);
  }

  private static Map<String, Value> toJson(ModuleSymbols.Import symbol) {
    var fields = new LinkedHashMap<String, Value>();
    fields.put("name", Value.of(symbol.name()));
    if (symbol.crc() != null) {
      fields.put("crc", Value.of(String.format(Locale.ROOT, "0x%08x", symbol.crc())));
    }
    return fields;
  }

  private Value signatureJson() {
    var fields = new LinkedHashMap<String, Value>();
    fields.put("status", Value.of(LoadRecords.word(status)));
    put(fields, "reason", reason);
    if (signers().size() == 1) {
      fields.putAll(toJson(signers().getFirst()));
    } else if (!signers().isEmpty()) {
      fields.put("signers", array(signers(), ModuleReport::toJson));
    }
    if (trustedByKernel != null) {
      fields.put("trustedByKernel", Value.of(trustedByKernel));
    }
    return new Value.Obj(fields);
  }

  private List<AppendedSignature.Signer> signers() {
    AppendedSignature signature = image.signature();
    return signature == null ? List.of() : signature.signers();
  }

  private static Map<String, Value> toJson(AppendedSignature.Signer signer) {
    var fields = new LinkedHashMap<String, Value>();
    put(fields, "signer", signer.name());
    fields.put("keyId", Value.of(signer.keyId()));
    put(fields, "digest", signer.digest());
    if (signer.signature().hasRemaining()) {
      var bytes = new byte[signer.signature().remaining()];
      signer.signature().duplicate().get(bytes);
      fields.put("value", Value.of(HexFormat.of().formatHex(bytes)));
    }
    return fields;
  }

  /** Returns lines for a person. */
  public String toText(boolean colour) {
    var fields = new LinkedHashMap<String, String>();
    ModuleInfo info = image.info();
    fields.put("name", image.name() == null ? "none" : image.name());
    for (String key : List.of("version", "description")) {
      info.first(key).ifPresent(value -> fields.put(key, value));
    }
    fields.put("author", String.join(", ", info.all("author")));
    fields.put("license", info.first("license").orElse("none given"));
    fields.put("built for", info.first("vermagic").map(String::strip).orElse("no kernel named"));
    fields.put(
        "machine",
        "%s, %d bits, %s endian".formatted(image.machineName(), image.elfClass(), byteOrder()));
    fields.put("in tree", info.intree() ? "yes, by its own word" : "no");
    fields.put("size", "%,d bytes".formatted(sizeBytes));
    fields.put("sha256", sha256);
    if (decompressedSha256 != null) {
      fields.put(
          "inside",
          "%,d bytes, sha256 %s (%s)"
              .formatted(
                  image.module().remaining(), decompressedSha256, image.compression().word()));
    }
    fields.put("build id", image.buildId() == null ? "" : image.buildId());
    fields.put("place", placeText());
    fields.put("package", packageText());
    fields.put("depends", String.join(", ", info.depends()));
    fields.put("aliases", some(info.all("alias")));
    fields.put(
        "imports",
        some(image.symbols().imports().stream().map(ModuleSymbols.Import::name).toList()));
    fields.put(
        "exports",
        some(image.symbols().exports().stream().map(ModuleSymbols.Export::name).toList()));
    int width = fields.keySet().stream().mapToInt(String::length).max().orElse(0);
    var text = new StringBuilder(Ansi.BOLD.on(PlainText.escape(path), colour)).append('\n');
    append(text, "signature", width, signatureText(), signatureColour(), colour);
    fields.forEach((key, value) -> append(text, key, width, value, Ansi.NONE, colour));
    for (ModuleInfo.Parameter parameter : info.parameters()) {
      append(text, "parameter", width, parameterText(parameter), Ansi.NONE, colour);
    }
    return text.toString();
  }

  private static void append(
      StringBuilder text, String key, int width, String value, Ansi ansi, boolean colour) {
    if (value.isEmpty()) {
      return;
    }
    String indent = " ".repeat(2);
    String next = "\n" + indent + " ".repeat(width + 2);
    text.append(indent).append(key).append(" ".repeat(Math.max(0, width - key.length()) + 2));
    text.append(
        TextTable.wrap(PlainText.escape(value), WIDTH).stream()
            .map(line -> ansi.on(line, colour))
            .collect(Collectors.joining(next)));
    text.append('\n');
  }

  private String signatureText() {
    String by =
        signers().isEmpty()
            ? "by nobody that can be read"
            : signers().stream()
                .map(
                    signer ->
                        "by %s, %s, key %s"
                            .formatted(
                                signer.name() == null ? "a key without a name" : signer.name(),
                                signer.digest() == null ? "no digest" : signer.digest(),
                                signer.keyId()))
                .collect(Collectors.joining("; and "));
    return switch (status) {
      case VALID ->
          "%s, %s%s"
              .formatted(
                  signers().size() > 1 ? "valid by one of them at least" : "valid",
                  by,
                  trustedByKernel == null
                      ? ""
                      : trustedByKernel
                          ? "; the running kernel has that key"
                          : "; the running kernel does not have that key");
      case INVALID -> "INVALID: %s; %s".formatted(reason, by);
      case UNSIGNED -> "unsigned";
      case UNKNOWN_KEY -> "unknown key: %s (--certificates gives one); %s".formatted(reason, by);
      case NOT_CHECKED -> "not checked: %s; %s".formatted(reason, by);
    };
  }

  private Ansi signatureColour() {
    return switch (status) {
      case VALID -> Ansi.GREEN;
      case INVALID -> Ansi.RED;
      case UNSIGNED, UNKNOWN_KEY, NOT_CHECKED -> Ansi.YELLOW;
    };
  }

  private String placeText() {
    return switch (place) {
      case DISTRIBUTION -> "the running kernel's module tree";
      case UPDATES -> "updates or DKMS of the running kernel";
      case MEMFD -> "memory";
      case TEMPORARY -> "a folder for temporary files";
      case HOME -> "a home folder";
      case OTHER, UNKNOWN -> "";
    };
  }

  private String packageText() {
    if (owner == null) {
      return "";
    }
    String changed =
        owner.changed() == null
            ? "; no digest to compare it with"
            : owner.changed() ? "; CHANGED since it was shipped" : "; as it was shipped";
    return "%s %s (%s)%s".formatted(owner.name(), owner.version(), owner.manager(), changed);
  }

  private static String parameterText(ModuleInfo.Parameter parameter) {
    return parameter.name()
        + (parameter.type() == null ? "" : " (" + parameter.type() + ")")
        + (parameter.description() == null ? "" : ": " + parameter.description());
  }

  private static String some(List<String> all) {
    if (all.size() <= MAX_SHOWN) {
      return String.join(", ", all);
    }
    return "%s and %,d more"
        .formatted(String.join(", ", all.subList(0, MAX_SHOWN)), all.size() - MAX_SHOWN);
  }

  private String byteOrder() {
    return image.byteOrder() == java.nio.ByteOrder.LITTLE_ENDIAN ? "little" : "big";
  }

  private static void put(Map<String, Value> fields, String key, @Nullable String value) {
    if (value != null) {
      fields.put(key, Value.of(value));
    }
  }

  private static <T> Value array(
      Collection<T> all, java.util.function.Function<T, Map<String, Value>> toFields) {
    return new Value.Array(
        all.stream().<Value>map(one -> new Value.Obj(toFields.apply(one))).toList());
  }
}
