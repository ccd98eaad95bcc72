/**
 * The process as commands see it: standard streams, exit status, complaints, signals. Open {@link
 * org.kmodwatch.agent.shell.Shell} first.
 */
@NullMarked
package org.kmodwatch.agent.shell;

import org.jspecify.annotations.NullMarked;
