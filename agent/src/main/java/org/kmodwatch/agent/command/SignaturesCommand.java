package org.kmodwatch.agent.command;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.agent.config.Nearest;
import org.kmodwatch.agent.output.JsonText;
import org.kmodwatch.agent.output.PlainText;
import org.kmodwatch.agent.output.TextTable;
import org.kmodwatch.agent.shell.CommandException;
import org.kmodwatch.agent.shell.ExitStatus;
import org.kmodwatch.agent.shell.ReportFormat;
import org.kmodwatch.agent.shell.Shell;
import org.kmodwatch.agent.shell.Signatures;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.core.signature.EventSelector;
import org.kmodwatch.core.signature.Signature;
import org.kmodwatch.core.signature.SignatureMetadata;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Implements {@code kmodwatch signatures}. */
@Command(
    name = "signatures",
    header = "List the signatures, or show one in full.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  kmodwatch signatures",
      "  kmodwatch signatures TRC-1017",
      "  kmodwatch signatures -o json"
    })
public final class SignaturesCommand implements Callable<Integer> {

  @Parameters(arity = "0..1", paramLabel = "ID", description = "The signature to show in full.")
  @Nullable String id;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FORMAT",
      description = "table (default) or json.")
  @Nullable String format;

  @Option(
      names = "--signatures",
      paramLabel = "DIR_OR_JAR",
      description = "Add the signatures in this jar, or in the jars of this folder.")
  List<Path> places = new ArrayList<>();

  private final Shell shell;

  public SignaturesCommand(Shell shell) {
    this.shell = shell;
  }

  @Override
  public Integer call() throws IOException {
    ReportFormat form = ReportFormat.choose(format);
    List<Signature> signatures = Signatures.load(places);
    String text =
        switch (form) {
          case TABLE -> id == null ? table(signatures) : inFull(find(signatures, id));
          case JSON ->
              JsonText.pretty(
                  id == null
                      ? new Value.Array(signatures.stream().map(SignaturesCommand::toJson).toList())
                      : toJson(find(signatures, id)));
        };
    OutputStream out = shell.out();
    out.write((text.stripTrailing() + "\n").getBytes(StandardCharsets.UTF_8));
    out.flush();
    return ExitStatus.OK;
  }

  private static Signature find(List<Signature> signatures, String id) {
    return signatures.stream()
        .filter(s -> s.metadata().id().equals(id))
        .findFirst()
        .orElseThrow(
            () ->
                new CommandException(
                    ExitStatus.USAGE,
                    "no such signature%s: %s (there are %s)"
                        .formatted(
                            Nearest.hint(
                                id, signatures.stream().map(s -> s.metadata().id()).toList()),
                            id,
                            ids(signatures))));
  }

  private static String ids(List<Signature> signatures) {
    return signatures.isEmpty()
        ? "none"
        : signatures.stream().map(s -> s.metadata().id()).collect(Collectors.joining(", "));
  }

  private String table(List<Signature> signatures) {
    var table = new TextTable("ID", "VERSION", "NAME", "SEVERITY", "TECHNIQUE", "EVENTS");
    for (Signature signature : signatures) {
      SignatureMetadata metadata = signature.metadata();
      table.add(
          metadata.id(),
          metadata.version(),
          metadata.name(),
          property(metadata, "Severity"),
          property(metadata, "external_id"),
          signature.selectedEvents().stream()
              .map(EventSelector::name)
              .collect(Collectors.joining(", ")));
    }
    return table.render(shell.colour());
  }

  private static String property(SignatureMetadata metadata, String key) {
    Value value = metadata.properties().get(key);
    return value == null ? "-" : plain(value);
  }

  private static String inFull(Signature signature) {
    SignatureMetadata metadata = signature.metadata();
    var fields = new LinkedHashMap<String, String>();
    fields.put("ID", metadata.id());
    fields.put("Version", metadata.version());
    fields.put("Name", metadata.name());
    fields.put("EventName", metadata.eventName());
    fields.put("Description", metadata.description());
    fields.put("Tags", metadata.tags() == null ? "none" : String.join(", ", metadata.tags()));
    metadata.properties().forEach((key, value) -> fields.put(key, plain(value)));
    fields.put(
        "Events",
        signature.selectedEvents().stream()
            .map(e -> "%s (source %s, origin %s)".formatted(e.name(), e.source(), e.origin()))
            .collect(Collectors.joining(", ")));
    int width = fields.keySet().stream().mapToInt(String::length).max().orElse(0);
    var text = new StringBuilder();
    for (Map.Entry<String, String> field : fields.entrySet()) {
      String indent = "\n" + " ".repeat(width + 2);
      text.append(field.getKey())
          .append(" ".repeat(width + 2 - field.getKey().length()))
          .append(String.join(indent, TextTable.wrap(PlainText.escape(field.getValue()), 78)))
          .append('\n');
    }
    return text.toString();
  }

  private static String plain(Value value) {
    return switch (value) {
      case Value.Null() -> "none";
      case Value.Bool(boolean b) -> Boolean.toString(b);
      case Value.Num(String number) -> number;
      case Value.Str(String string) -> string;
      case Value.Array(var values) ->
          values.stream().map(SignaturesCommand::plain).collect(Collectors.joining(", "));
      case Value.Obj(var fields) ->
          fields.entrySet().stream()
              .map(f -> f.getKey() + "=" + plain(f.getValue()))
              .collect(Collectors.joining(", "));
    };
  }

  /** Returns the keys of SigMetadata as findings have them, and the selected events. */
  private static Value toJson(Signature signature) {
    SignatureMetadata metadata = signature.metadata();
    var json = new LinkedHashMap<String, Value>();
    json.put("ID", Value.of(metadata.id()));
    json.put("Version", Value.of(metadata.version()));
    json.put("Name", Value.of(metadata.name()));
    json.put("EventName", Value.of(metadata.eventName()));
    json.put("Description", Value.of(metadata.description()));
    json.put("Tags", metadata.tags() == null ? Value.NULL : Value.ofStrings(metadata.tags()));
    json.put("Properties", new Value.Obj(metadata.properties()));
    json.put(
        "SelectedEvents",
        new Value.Array(
            signature.selectedEvents().stream().map(SignaturesCommand::toJson).toList()));
    return new Value.Obj(json);
  }

  private static Value toJson(EventSelector selector) {
    var json = new LinkedHashMap<String, Value>();
    json.put("Source", Value.of(selector.source()));
    json.put("Name", Value.of(selector.name()));
    json.put("Origin", Value.of(selector.origin()));
    return new Value.Obj(json);
  }
}
