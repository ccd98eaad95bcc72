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
import org.kmodwatch.agent.shell.Shell;
import org.kmodwatch.agent.shell.StandardOutput;

/** Runs {@code kmodwatch} in this process. */
public final class Cli {
  private final Map<String, String> variables = new HashMap<>();
  private InputStream in = InputStream.nullInputStream();
  private boolean terminal;
  private boolean errTerminal;
  private Path root = Path.of("/nonexistent");
  private OutputStream out = new ByteArrayOutputStream();

  /** What a command did. */
  public record Result(int status, String out, String err) {
    public List<String> outLines() {
      return out.lines().toList();
    }

    public List<String> errLines() {
      return err.lines().toList();
    }
  }

  public Cli onTerminal(int columns) {
    terminal = true;
    variables.put("COLUMNS", Integer.toString(columns));
    return this;
  }

  public Cli withErrOnTerminal() {
    errTerminal = true;
    return this;
  }

  public Cli variable(String name, String value) {
    variables.put(name, value);
    return this;
  }

  public Cli withInput(byte[] bytes) {
    return readingFrom(new ByteArrayInputStream(bytes));
  }

  public Cli readingFrom(InputStream stream) {
    in = stream;
    return this;
  }

  public Cli withRoot(Path path) {
    root = path;
    return this;
  }

  public Cli writingTo(OutputStream stream) {
    out = stream;
    return this;
  }

  public Shell shell(ByteArrayOutputStream err) {
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

  public Result run(String... args) {
    var err = new ByteArrayOutputStream();
    int status = new Main(shell(err)).run(args);
    String written =
        out instanceof ByteArrayOutputStream bytes ? bytes.toString(StandardCharsets.UTF_8) : "";
    return new Result(status, written, err.toString(StandardCharsets.UTF_8));
  }
}
