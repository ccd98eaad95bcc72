package org.kmodwatch.agent.settings;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.kmodwatch.agent.Cli;
import org.kmodwatch.agent.shell.ExitStatus;

class ConfigurationTest {

  private static final Path SCHEMA = Path.of("../docs/kmodwatch.schema.json");

  @TempDir Path folder;

  private Cli.Result check(String text) throws IOException {
    Path file = Files.writeString(folder.resolve("k.yaml"), text);
    return new Cli().run("config", "check", file.toString());
  }

  private static boolean isValid(String text) throws IOException {
    Schema schema =
        SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
            .getSchema(Files.readString(SCHEMA), InputFormat.JSON);
    return schema.validate(text, InputFormat.YAML).isEmpty();
  }

  /** Returns the example with every key enabled, except secret-url, which excludes another key. */
  private static String wholeExample() {
    return new Cli()
        .run("config", "init").outLines().stream()
            .filter(line -> line.startsWith("#") && !line.startsWith("##"))
            .map(line -> line.substring(1))
            .filter(line -> !line.strip().startsWith("secret-url:"))
            .collect(Collectors.joining("\n"));
  }

  @Test
  void schemaInDocs_isWhatTheCodeSays() throws IOException {
    assertThat(Files.readString(SCHEMA))
        .as("remedy: ./kmodwatch config schema > docs/kmodwatch.schema.json")
        .isEqualTo(new Cli().run("config", "schema").out());
  }

  @Test
  void example_isAllComment_andIsRightWithEveryKeyInForce() throws IOException {
    assertThat(new Cli().run("config", "init").outLines())
        .allMatch(line -> line.isEmpty() || line.startsWith("#"));
    Cli.Result result = check(wholeExample());
    assertThat(result.err()).isEmpty();
    assertThat(result.out()).isEqualTo(folder.resolve("k.yaml") + ": 7 sinks, 1 rule, all well\n");
    assertThat(isValid(wholeExample())).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "listn: 1",
        "guard-ftrace: yes",
        "image-buffer: [1]",
        "sinks: {a: {type: webhok}}",
        "sinks: {a: {type: file}}",
        "sinks: {a: {type: file, path: /x, keep: 1001}}",
        "sinks: {a: {type: file, path: /x, url: x}}",
        "sinks: {'a b': {type: stdout}}",
        "sinks: {a: {type: webhook, url: 'https://x', token: hunter2}}",
        "sinks: {a: {type: syslog, address: 'udp://h', facility: locale0}}",
        "sinks: {a: {type: stdout, kinds: [alrt]}}",
        "repeat-window: 10",
        "policy: [{name: a}]"
      })
  void mistake_isOneForTheEditorToo(String text) throws IOException {
    assertThat(check(text).status()).isEqualTo(ExitStatus.USAGE);
    assertThat(isValid(text)).isFalse();
  }

  @Test
  void everyProblem_isToldAtOnce() throws IOException {
    Cli.Result result =
        check(
            """
            sinks:
              a: {type: webhook}
              b: {type: kafka, brokers: k, topic: t, format: loads, kinds: [alert]}
              c: {type: otlp, endpoint: "http://far.example/v1/logs"}
              d: {type: file, path: /x, ca: /y}
            policy:
              - {name: a, owner: o, reason: r, when: "outcom == 'loaded'", verdict: alert}
            """);

    String file = folder.resolve("k.yaml").toString();
    assertThat(result.status()).isEqualTo(ExitStatus.USAGE);
    assertThat(result.errLines())
        .containsExactlyInAnyOrder(
            "kmodwatch: "
                + file
                + ":5:29: sinks.d.ca: no such key (known: type, path, max-size, keep, compress,"
                + " format, kinds, min-severity, spool-max)",
            "kmodwatch: "
                + file
                + ":7:42: policy[1].when: in the condition at 1:1: there is nothing called outcom;"
                + " did you mean outcome?",
            "kmodwatch: " + file + ":2:6: sinks.a: expected one of the keys url and secret-url",
            "kmodwatch: " + file + ":3:64: sinks.b.kinds: the format loads has no form for alert",
            "kmodwatch: "
                + file
                + ":4:6: sinks.c: sinks.c.endpoint: plain http is for this machine only; remedy:"
                + " https, url=http://far.example");
  }

  @Test
  void passwordInAUrl_isRefused_withTheKeyWhereItBelongs() throws IOException {
    assertThat(check("sinks: {a: {type: webhook, url: 'https://me:s3cret@h/'}}").err())
        .isEqualTo(
            "kmodwatch: %s:1:12: sinks.a: sinks.a.url: a user or password in the URL is for everybody to read; remedy: the key token or secret-headers\n"
                .formatted(folder.resolve("k.yaml")));
  }

  @Test
  void show_saysWhereEachValueIsFrom_andNoSecret() throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("k.yaml"),
            "sinks: {far: {type: webhook, url: 'https://siem.example/h', token: {env: TOKEN}}}\n");
    Cli.Result result =
        new Cli()
            .variable("TOKEN", "hunter2")
            .run(
                "config",
                "show",
                "--config",
                file.toString(),
                "--set",
                "sinks.far.batch=1",
                "--set=listen=9110");

    assertThat(result.status()).isZero();
    assertThat(result.outLines())
        .contains(
            "listen: \"9110\"  # --set listen=9110",
            "    url: \"https://siem.example/h\"  # %s:1:35".formatted(file),
            "    token: {env: TOKEN}  # %s:1:68".formatted(file),
            "    batch: 1  # --set sinks.far.batch=1",
            "    body: array  # standard value",
            "repeat-window: 10m  # standard value");
    assertThat(result.out()).doesNotContain("hunter2");
    assertThat(check(result.out()).err()).isEmpty();
  }

  @Test
  void init_leavesAFileThatIsThereAsItIs() throws IOException {
    Path file = Files.writeString(folder.resolve("mine.yaml"), "listen: 1\n");

    Cli.Result result = new Cli().run("config", "init", file.toString());

    assertThat(result.status()).isEqualTo(ExitStatus.USAGE);
    assertThat(result.err())
        .isEqualTo(
            "kmodwatch: there is a file already, and it is left as it is: %s; give a new name\n"
                .formatted(file));
    assertThat(Files.readString(file)).isEqualTo("listen: 1\n");
  }

  @Test
  void assignment_isRefused_whenItIsNone() {
    Cli.Result result = new Cli().run("config", "show", "--set", "listen");

    assertThat(result.status()).isEqualTo(ExitStatus.USAGE);
    assertThat(result.err())
        .isEqualTo(
            "kmodwatch: --set listen: expected KEY=VALUE, such as sinks.siem.type=webhook\n");
  }
}
