package org.kmodwatch.agent.shell;

/**
 * Adds a subcommand to {@code kmodwatch}. {@link java.util.ServiceLoader} finds it. So an
 * implementation has a public constructor without parameters and is named in {@code
 * META-INF/services/org.kmodwatch.agent.shell.SubcommandProvider}.
 *
 * <p>Providers are only searched for when the command line names no built-in subcommand.
 */
public interface SubcommandProvider {

  /**
   * Returns a new object annotated with {@code picocli.CommandLine.Command}, its name included. It
   * is a {@link java.util.concurrent.Callable} of the exit status ({@link ExitStatus}). A {@link
   * CommandException} that it throws is shown as one line on standard error.
   */
  Object subcommand();
}
