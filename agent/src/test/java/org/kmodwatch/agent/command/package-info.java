@NullMarked
package org.kmodwatch.agent.command;

import org.jspecify.annotations.NullMarked;
