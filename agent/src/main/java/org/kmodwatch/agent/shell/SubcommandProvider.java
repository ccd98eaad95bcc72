package org.kmodwatch.agent.shell;

/**
 * Adds a subcommand to {@code kmodwatch}. Found with {@link java.util.ServiceLoader}, so an
 * implementation has a public constructor without parameters and is named in {@code
 * META-INF/services/org.kmodwatch.agent.shell.SubcommandProvider}.
 *
 * <p>Providers are only searched for when the command line names no built-in subcommand.
 */
public interface SubcommandProvider {

  /**
   * A new object annotated with {@code picocli.CommandLine.Command}, its name included, that is a
   * {@link java.util.concurrent.Callable} of the exit status ({@link ExitStatus}). What it throws
   * as a {@link CommandException} is shown as one line on standard error.
   */
  Object subcommand();
}
