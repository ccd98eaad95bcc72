/**
 * The command line: {@link org.kmodwatch.agent.Main} and its subcommands.
 *
 * <p>{@link org.kmodwatch.agent.shell.SubcommandProvider} adds a subcommand from another jar;
 * {@link org.kmodwatch.agent.shell.CommandException} ends one with a message for a person. Nothing
 * here is for use by more than one thread, except where a class says so.
 */
@NullMarked
package org.kmodwatch.agent;

import org.jspecify.annotations.NullMarked;
