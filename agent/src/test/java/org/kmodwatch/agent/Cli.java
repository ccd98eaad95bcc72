package org.kmodwatch.agent;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.ZoneId;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Runs {@code kmodwatch} in this process. */
final class Cli {
  private final Map<String, String> variables = new HashMap<>();
  private InputStream in = InputStream.nullInputStream();
  private boolean terminal;
  private boolean errTerminal;
  private Path root = Path.of("/nonexistent");
  private OutputStream out = new ByteArrayOutputStream();

  /** What a command did. */
  record Result(int status, String out, String err) {
    List<String> outLines() {
      return out.lines().toList();
    }

    List<String> errLines() {
      return err.lines().toList();
    }
  }

  Cli onTerminal(int columns) {
    terminal = true;
    variables.put("COLUMNS", Integer.toString(columns));
    return this;
  }

  Cli withErrOnTerminal() {
    errTerminal = true;
    return this;
  }

  Cli variable(String name, String value) {
    variables.put(name, value);
    return this;
  }

  Cli withInput(byte[] bytes) {
    return readingFrom(new ByteArrayInputStream(bytes));
  }

  Cli readingFrom(InputStream stream) {
    in = stream;
    return this;
  }

  Cli withRoot(Path path) {
    root = path;
    return this;
  }

  Cli writingTo(OutputStream stream) {
    out = stream;
    return this;
  }

  Shell shell(ByteArrayOutputStream err) {
    return new Shell(
        in,
        new StandardOutput(out, false),
        new PrintStream(err, true, StandardCharsets.UTF_8),
        terminal,
        errTerminal,
        variables,
        ZoneId.of("UTC"),
        root);
  }

  Result run(String... args) {
    var err = new ByteArrayOutputStream();
    int status = new Main(shell(err)).run(args);
    String written =
        out instanceof ByteArrayOutputStream bytes ? bytes.toString(StandardCharsets.UTF_8) : "";
    return new Result(status, written, err.toString(StandardCharsets.UTF_8));
  }
}
