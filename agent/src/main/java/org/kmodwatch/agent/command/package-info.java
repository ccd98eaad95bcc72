/** This package holds further subcommands: history, policy, config, inspect, doctor, signatures. */
@NullMarked
package org.kmodwatch.agent.command;

import org.jspecify.annotations.NullMarked;
