@NullMarked
package org.kmodwatch.agent.shell;

import org.jspecify.annotations.NullMarked;
