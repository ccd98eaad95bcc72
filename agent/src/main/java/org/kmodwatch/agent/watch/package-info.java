/** Contains the live run. Open {@link org.kmodwatch.agent.watch.WatchRun} first. */
@NullMarked
package org.kmodwatch.agent.watch;

import org.jspecify.annotations.NullMarked;
