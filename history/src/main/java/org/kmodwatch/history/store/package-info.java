/**
 * Databases on this machine's disk: private folders with SQLite files that outlive a kill, a full
 * disk and damage. The users of the package define the content: the sinks' spools and the history.
 */
@NullMarked
package org.kmodwatch.history.store;

import org.jspecify.annotations.NullMarked;
