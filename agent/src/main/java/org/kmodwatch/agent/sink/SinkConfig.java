package org.kmodwatch.agent.sink;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.agent.config.ByteSize;
import org.kmodwatch.agent.config.Key;
import org.kmodwatch.agent.config.Problems;
import org.kmodwatch.agent.config.SecretRef;
import org.kmodwatch.agent.config.Section;
import org.kmodwatch.agent.config.Shape;
import org.kmodwatch.agent.format.FormatName;
import org.kmodwatch.agent.output.Notice;

/** Reads sinks from a configuration. */
public final class SinkConfig {

  private static final List<String> SEVERITIES = List.of("info", "low", "moderate", "high");

  private static final Key URL =
      Key.optional(
              "url",
              Shape.Text.of("a URL, https, or http to this machine"),
              "Where to send by POST: https, or http to this machine. Either this or secret-url.")
          .like("https://siem.example/hook");

  private static final List<Key> TLS =
      List.of(
          Key.optional(
                  "ca",
                  Shape.Text.of("a file"),
                  "Certificates (PEM) of those who may vouch for the receiver, instead of those"
                      + " that Java trusts.")
              .like("/etc/kmodwatch/ca.pem"),
          Key.optional(
                  "certificate",
                  Shape.Text.of("a file"),
                  "Our own certificate (PEM), with those between it and its authority.")
              .like("/etc/kmodwatch/client.pem"),
          Key.optional(
                  "key",
                  Shape.Text.of("a file"),
                  "The private key for it (PEM, without a password); nobody else may read the"
                      + " file.")
              .like("/etc/kmodwatch/client.key"));

  private static final List<Key> HEADERS =
      List.of(
          Key.optional(
                  "headers",
                  new Shape.MapOf(Shape.Text.of("a header's name"), Shape.Text.of("its value")),
                  "More headers.")
              .like("{X-Team: blue}"),
          Key.optional(
                  "secret-headers",
                  new Shape.MapOf(Shape.Text.of("a header's name"), new Shape.Secret()),
                  "More headers that are never shown.")
              .like("{X-Api-Key: {file: /etc/kmodwatch/api-key}}"));

  private static final List<Key> COMMON =
      List.of(
          Key.optional(
                  "format",
                  new Shape.Choice(words(FormatName.values())),
                  "How a notice is written. Without it: cef for syslog, kmodwatch for the others.")
              .like("ecs"),
          Key.optional(
                  "kinds",
                  new Shape.ListOf(new Shape.Choice(kindWords())),
                  "Which notices it takes. Without it: what the format is for, which is findings"
                      + " and loads for kmodwatch, alerts for ecs, ocsf, cef and falco.")
              .like("[load, alert]"),
          Key.optional(
              "min-severity",
              new Shape.Choice(SEVERITIES),
              "info",
              "From which severity on; of a load, that of its most severe finding."),
          Key.optional(
              "spool-max",
              new Shape.Size(SpooledSink.MIN_SPOOL_BYTES, 1L << 40),
              ByteSize.text(SpooledSink.DEFAULT_SPOOL_BYTES),
              "How much may wait on disk for the receiver; past that, the oldest is dropped, and"
                  + " counted."));

  /** Defines the shape of the configuration of one sink. */
  public static final Shape.OneOf SHAPE =
      new Shape.OneOf("a sink with its type", "type", COMMON, cases());

  private final Path spool;
  private final UnaryOperator<@Nullable String> environment;
  private final Problems problems;

  /**
   * Creates a reader.
   *
   * @param spool the parent folder of the spools: each sink's has the sink's name
   * @param environment returns the value of a variable that may hold a secret
   * @param problems takes contradictions in the configuration
   */
  public SinkConfig(Path spool, UnaryOperator<@Nullable String> environment, Problems problems) {
    this.spool = spool;
    this.environment = environment;
    this.problems = problems;
  }

  private static Map<String, List<Key>> cases() {
    var cases = new LinkedHashMap<String, List<Key>>();
    cases.put(
        "webhook",
        join(
            List.of(
                URL,
                Key.optional(
                        "secret-url",
                        new Shape.Secret(),
                        "The same where the URL is itself a secret.")
                    .like("{file: /etc/kmodwatch/hook-url}"),
                Key.optional(
                        "token",
                        new Shape.Secret(),
                        "A bearer token; it is read anew for each request.")
                    .like("{file: /etc/kmodwatch/token}"),
                Key.optional(
                        "hmac-key",
                        new Shape.Secret(),
                        "Signs each request: X-Kmodwatch-Signature, HMAC-SHA256"
                            + " (docs/reference/sinks.md).")
                    .like("{env: KMODWATCH_HMAC_KEY}"),
                Key.optional(
                    "batch",
                    new Shape.Whole(1, 1000),
                    Integer.toString(WebhookTarget.DEFAULT_MAX_ITEMS),
                    "How many notices a request may have; with 1 the body is the notice itself."),
                Key.optional(
                    "body",
                    new Shape.Choice(List.of("array", "lines")),
                    "array",
                    "A JSON array, or one notice a line.")),
            HEADERS,
            TLS));
    cases.put(
        "file",
        List.of(
            Key.required("path", Shape.Text.of("a file"), "The file that lines are added to.")
                .like("/var/log/kmodwatch/alerts.ndjson"),
            Key.optional(
                "max-size",
                new Shape.Size(0, 1L << 40),
                "100M",
                "Past that it is renamed, and a new one begun; 0 for never."),
            Key.optional("keep", new Shape.Whole(0, 1000), "5", "How many renamed ones are kept."),
            Key.optional(
                "compress", new Shape.Flag(), "false", "Compress the renamed ones (gzip).")));
    cases.put("stdout", List.of());
    cases.put(
        "syslog",
        join(
            List.of(
                Key.required(
                        "address",
                        Shape.Text.checked(
                            SyslogTarget.ADDRESS_FORMS,
                            text ->
                                SyslogTarget.Address.parse(text).isPresent()
                                    ? Optional.empty()
                                    : Optional.of("expected " + SyslogTarget.ADDRESS_FORMS)),
                        "The server: " + SyslogTarget.ADDRESS_FORMS + ".")
                    .like("tls://syslog.example:6514"),
                Key.optional(
                    "framing",
                    new Shape.Choice(List.of("octet-counting", "newline")),
                    "octet-counting",
                    "How messages are told apart in a stream (RFC 6587)."),
                Key.optional(
                    "facility",
                    new Shape.Choice(SyslogTarget.FACILITIES),
                    "daemon",
                    "The facility of the messages."),
                Key.optional(
                    "app-name",
                    Shape.Text.matching("printable characters without spaces", "[!-~]{1,48}"),
                    "kmodwatch",
                    "APP-NAME of the messages.")),
            TLS,
            List.of()));
    cases.put(
        "kafka",
        List.of(
            Key.required(
                    "brokers",
                    Shape.Text.of("HOST:PORT, several with commas between them"),
                    "The brokers to begin with.")
                .like("\"kafka1.example:9093,kafka2.example:9093\""),
            Key.required("topic", Shape.Text.of("a topic"), "The topic.").like("kmodwatch"),
            Key.optional(
                    "properties",
                    new Shape.MapOf(
                        Shape.Text.of("a property of Kafka's producer"),
                        Shape.Text.of("its value")),
                    "More of the producer's configuration, by Kafka's own names.")
                .like("{security.protocol: SSL}"),
            Key.optional(
                    "secret-properties",
                    new Shape.MapOf(
                        Shape.Text.of("a property of Kafka's producer"), new Shape.Secret()),
                    "The same for what is never shown.")
                .like("{sasl.jaas.config: {file: /etc/kmodwatch/jaas}}")));
    cases.put(
        "otlp",
        join(
            List.of(
                Key.required(
                        "endpoint",
                        Shape.Text.of("a URL, https, or http to this machine"),
                        "The whole URL of the receiver, usually with /v1/logs.")
                    .like("https://otel.example:4318/v1/logs")),
            HEADERS,
            TLS));
    return cases;
  }

  /**
   * Returns the sink that {@code section} configures; empty if the section is contradictory.
   *
   * @param name the name of the sink
   */
  public Optional<SinkSettings> of(String name, Section section) {
    Optional<Target> target;
    try {
      target = Optional.ofNullable(target(section));
    } catch (SinkException e) {
      problems.add(section.mark(), section.path(), String.valueOf(e.getMessage()));
      return Optional.empty();
    }
    if (target.isEmpty()) {
      return Optional.empty();
    }
    FormatName format =
        section
            .text("format")
            .flatMap(FormatName::ofWord)
            .orElse(target.get() instanceof SyslogTarget ? FormatName.CEF : FormatName.KMODWATCH);
    Optional<Set<Notice.Kind>> kinds = kinds(section, format);
    return kinds.map(
        set ->
            new SinkSettings(
                name,
                target.get(),
                format,
                new SinkFilter(set, SEVERITIES.indexOf(section.requiredText("min-severity"))),
                spool.resolve(name),
                section.requiredSize("spool-max").bytes()));
  }

  private Optional<Set<Notice.Kind>> kinds(Section section, FormatName format) {
    if (!section.isGiven("kinds")) {
      return Optional.of(format.usualKinds());
    }
    Set<Notice.Kind> kinds = EnumSet.noneOf(Notice.Kind.class);
    for (String word : section.texts("kinds")) {
      Notice.Kind kind = Notice.Kind.ofWord(word).orElseThrow();
      if (!format.kinds().contains(kind)) {
        problems.add(
            section.markOf("kinds"),
            section.path() + ".kinds",
            "the format %s has no form for %s".formatted(format.word(), word));
        return Optional.empty();
      }
      kinds.add(kind);
    }
    if (kinds.isEmpty()) {
      problems.add(
          section.markOf("kinds"), section.path() + ".kinds", "expected at least one kind");
      return Optional.empty();
    }
    return Optional.of(kinds);
  }

  private @Nullable Target target(Section section) {
    return switch (section.requiredText("type")) {
      case "webhook" -> webhook(section);
      case "file" ->
          new FileTarget(
              Path.of(section.requiredText("path")),
              section.requiredSize("max-size").bytes(),
              (int) section.requiredWhole("keep"),
              section.flag("compress"));
      case "stdout" -> new StdoutTarget();
      case "syslog" -> syslog(section);
      case "kafka" ->
          new KafkaTarget(
              section.requiredText("brokers"),
              section.requiredText("topic"),
              section.namedTexts("properties"),
              secrets(section, "secret-properties"));
      case "otlp" ->
          new OtlpTarget(
              WebhookTarget.uri(
                  section.path() + ".endpoint",
                  section.requiredText("endpoint"),
                  "the key secret-headers"),
              section.namedTexts("headers"),
              secrets(section, "secret-headers"),
              tls(section));
      default -> throw new IllegalStateException("no such type: " + section.requiredText("type"));
    };
  }

  private @Nullable Target webhook(Section section) {
    Optional<String> url = section.text("url");
    Optional<Secret> secretUrl = secret(section, "secret-url");
    if (url.isPresent() == secretUrl.isPresent()) {
      problems.add(section.mark(), section.path(), "expected one of the keys url and secret-url");
      return null;
    }
    String what = section.path() + ".url";
    return new WebhookTarget(
        WebhookTarget.uri(
            what,
            url.orElseGet(() -> secretUrl.orElseThrow().requireWord()),
            "the key token or secret-headers"),
        secret(section, "token").orElse(null),
        section.namedTexts("headers"),
        secrets(section, "secret-headers"),
        tls(section),
        secret(section, "hmac-key").orElse(null),
        (int) section.requiredWhole("batch"),
        section.requiredText("body").equals("lines"));
  }

  private static Target syslog(Section section) {
    return new SyslogTarget(
        SyslogTarget.Address.parse(section.requiredText("address")).orElseThrow(),
        section.requiredText("framing").equals("newline")
            ? SyslogTarget.Framing.NEWLINE
            : SyslogTarget.Framing.OCTET_COUNTING,
        SyslogTarget.FACILITIES.indexOf(section.requiredText("facility")),
        section.requiredText("app-name"),
        tls(section));
  }

  private static TlsFiles tls(Section section) {
    return new TlsFiles(
        section.text("ca").map(Path::of).orElse(null),
        section.text("certificate").map(Path::of).orElse(null),
        section.text("key").map(Path::of).orElse(null));
  }

  private Optional<Secret> secret(Section section, String key) {
    return section.secret(key).map(ref -> secret(section.path() + "." + key, ref));
  }

  private Map<String, Secret> secrets(Section section, String key) {
    var secrets = new LinkedHashMap<String, Secret>();
    section
        .map(key, SecretRef.class)
        .forEach(
            (name, ref) ->
                secrets.put(name, secret("%s.%s.%s".formatted(section.path(), key, name), ref)));
    return secrets;
  }

  private Secret secret(String what, SecretRef ref) {
    return switch (ref) {
      case SecretRef.InFile(String path) -> Secret.inFile(what, Path.of(path));
      case SecretRef.InEnvironment(String name) -> Secret.inEnvironment(what, name, environment);
    };
  }

  private static List<Key> join(List<Key> first, List<Key> second, List<Key> third) {
    return Stream.of(first, second, third).flatMap(List::stream).toList();
  }

  private static List<String> words(FormatName... formats) {
    return Arrays.stream(formats).map(FormatName::word).toList();
  }

  private static List<String> kindWords() {
    return Arrays.stream(Notice.Kind.values()).map(Notice.Kind::word).toList();
  }
}
