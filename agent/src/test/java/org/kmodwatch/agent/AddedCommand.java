package org.kmodwatch.agent;

import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.agent.shell.CommandException;
import org.kmodwatch.agent.shell.ExitStatus;
import org.kmodwatch.agent.shell.SubcommandProvider;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** A subcommand from another jar. */
@Command(name = "added", header = "Added by a test.")
public final class AddedCommand implements Callable<Integer> {

  @Parameters(arity = "0..1")
  @Nullable String how;

  /** Named in META-INF/services. */
  public static final class Provider implements SubcommandProvider {
    /** Made by ServiceLoader. */
    public Provider() {}

    @Override
    public Object subcommand() {
      return new AddedCommand();
    }
  }

  @Override
  public Integer call() {
    if ("fail".equals(how)) {
      throw new CommandException(ExitStatus.UNAVAILABLE, "it failed, do this");
    }
    if ("crash".equals(how)) {
      throw new IllegalStateException("oops");
    }
    if ("memory".equals(how)) {
      throw new IllegalStateException("a block", new OutOfMemoryError("in a test"));
    }
    if ("error".equals(how)) {
      throw new StackOverflowError();
    }
    return 7;
  }
}
