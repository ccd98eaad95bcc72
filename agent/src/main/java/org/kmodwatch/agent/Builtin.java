package org.kmodwatch.agent;

import java.util.function.Function;

/** The subcommands that are always there. */
enum Builtin {
  ;

  private final String commandName;
  private final Function<Shell, Object> factory;

  Builtin(String commandName, Function<Shell, Object> factory) {
    this.commandName = commandName;
    this.factory = factory;
  }

  String commandName() {
    return commandName;
  }

  Object create(Shell shell) {
    return factory.apply(shell);
  }
}
