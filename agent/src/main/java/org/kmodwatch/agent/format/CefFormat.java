package org.kmodwatch.agent.format;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.agent.output.Catalogue;
import org.kmodwatch.agent.output.Notice;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.load.LoadRecord.ProcessDetails;
import org.kmodwatch.core.text.Unseen;

/**
 * Writes ArcSight's Common Event Format, version 0: a header of seven fields with {@code |} between
 * them, then keys with values. Names that an attacker may have chosen (processes, files, modules)
 * are escaped. So no value can end early or begin another one.
 */
final class CefFormat implements Format {

  /** CEF's severities, 0 to 10, for Kmodwatch's severities 0 to 3: low, low, medium, high. */
  private static final int[] SEVERITIES = {1, 3, 6, 8};

  private final Catalogue catalogue;
  private final String version;

  CefFormat(Catalogue catalogue, String version) {
    this.catalogue = catalogue;
    this.version = version;
  }

  @Override
  public Optional<byte[]> write(Notice.Report notice, String id) {
    Facts facts = Facts.of(notice, id, catalogue);
    String line =
        "CEF:0|Kmodwatch|Kmodwatch|%s|%s|%s|%d|%s"
            .formatted(
                header(version),
                header(signatureId(facts)),
                header(facts.title()),
                SEVERITIES[facts.level()],
                extension(facts));
    return Optional.of(line.getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public String contentType() {
    return TEXT;
  }

  private static String signatureId(Facts facts) {
    return facts
        .signature()
        .map(signature -> signature.id())
        .orElseGet(
            () ->
                facts.load() == null
                    ? "kernel-module"
                    : "kernel-module-" + Facts.word(facts.load().action()));
  }

  private static String extension(Facts facts) {
    var keys = new LinkedHashMap<String, String>();
    LoadRecord load = facts.load();
    put(keys, "rt", facts.lastNanos() / 1_000_000);
    put(keys, "start", facts.timeNanos() / 1_000_000);
    put(keys, "end", facts.lastNanos() / 1_000_000);
    put(keys, "cnt", facts.count());
    put(keys, "externalId", facts.id());
    put(keys, "cat", facts.kind().word());
    put(keys, "dhost", facts.host().name());
    facts.askedBy().ifPresent(asked -> asked(keys, asked));
    // A request only has the requesting process.
    facts
        .loader()
        .filter(loader -> !facts.isRequest())
        .ifPresent(
            loader -> {
              put(keys, "dproc", loader.program());
              put(keys, "dpid", id(loader));
            });
    facts
        .path()
        .ifPresent(
            path -> {
              put(keys, "filePath", path);
              put(keys, "fname", Facts.fileName(path));
            });
    if (load != null) {
      load(keys, load);
    }
    put(keys, "msg", facts.message());
    return keys.entrySet().stream()
        .map(entry -> entry.getKey() + "=" + value(entry.getValue()))
        .collect(Collectors.joining(" "));
  }

  private static void asked(Map<String, String> keys, ProcessDetails asked) {
    put(keys, "sproc", asked.program());
    put(keys, "spid", id(asked));
    put(keys, "suid", asked.knownUid());
  }

  private static @Nullable Integer id(ProcessDetails process) {
    return process.hostPid() == 0 ? null : process.hostPid();
  }

  private static void load(Map<String, String> keys, LoadRecord load) {
    put(keys, "act", Facts.word(load.action()));
    put(keys, "outcome", Facts.word(load.outcome()));
    put(keys, "reason", load.reason());
    LoadRecord.Image image = load.image();
    if (image != null) {
      put(keys, "fileHash", image.sha256());
      put(keys, "fsize", image.sizeBytes());
    }
    labelled(keys, "cn1", "returnValue", load.returnValue());
    labelled(keys, "cs1", load.isRequest() ? "alias" : "module", load.nameOrAlias());
    if (image != null && image.signature() != null) {
      String signer = image.signature().signer();
      labelled(
          keys,
          "cs2",
          "signature",
          image.signature().status().word() + (signer == null ? "" : ": " + signer));
    }
    labelled(keys, "cs3", "route", load.route().syscall());
    labelled(
        keys,
        "cs4",
        "findings",
        load.findings().isEmpty() ? null : String.join(",", load.findings()));
    labelled(keys, "cs5", "policyRule", load.policy() == null ? null : load.policy().rule());
    labelled(keys, "cs6", "containerId", load.container().id());
  }

  private static void labelled(
      Map<String, String> keys, String key, String label, @Nullable Object value) {
    if (value != null) {
      put(keys, key, value);
      put(keys, key + "Label", label);
    }
  }

  private static void put(Map<String, String> keys, String key, @Nullable Object value) {
    if (value != null && !value.toString().isEmpty()) {
      keys.put(key, value.toString());
    }
  }

  /** Escapes a header field: {@code |} ends a field, and a newline cannot be written. */
  private static String header(String text) {
    return escaped(text, '|', " ");
  }

  /** Escapes a value: {@code =} could begin another key. */
  private static String value(String text) {
    return escaped(text, '=', "\\n");
  }

  private static String escaped(String text, char special, String newline) {
    var escaped = new StringBuilder();
    text.codePoints()
        .forEach(
            c -> {
              if (c == '\\' || c == special) {
                escaped.append('\\').appendCodePoint(c);
              } else if (c == '\n' || c == '\r') {
                escaped.append(newline);
              } else if (Unseen.is(c) || Character.getType(c) == Character.SURROGATE) {
                // CEF has no escape for it: write an escaped backslash and the code.
                escaped.append("\\\\x").append(c < 0x10 ? "0" : "").append(Integer.toHexString(c));
              } else {
                escaped.appendCodePoint(c);
              }
            });
    return escaped.toString();
  }
}
