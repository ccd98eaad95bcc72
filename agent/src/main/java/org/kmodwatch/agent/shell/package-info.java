/**
 * This package wraps the process for commands: standard streams, exit status, complaints, signals.
 * Read {@link org.kmodwatch.agent.shell.Shell} first.
 */
@NullMarked
package org.kmodwatch.agent.shell;

import org.jspecify.annotations.NullMarked;
