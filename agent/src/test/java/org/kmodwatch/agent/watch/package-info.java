@NullMarked
package org.kmodwatch.agent.watch;

import org.jspecify.annotations.NullMarked;
