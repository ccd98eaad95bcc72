package org.kmodwatch.lab;

import org.kmodwatch.agent.shell.SubcommandProvider;

/** Adds {@code lab} to the command line. */
public final class LabSubcommandProvider implements SubcommandProvider {

  /** Creates a provider for the service loader. */
  public LabSubcommandProvider() {}

  @Override
  public Object subcommand() {
    return new LabCommand();
  }
}
