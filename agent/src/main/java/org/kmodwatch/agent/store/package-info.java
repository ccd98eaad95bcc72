/**
 * Databases on this machine's disk: private folders, and SQLite files in them that outlive a kill,
 * a full disk and damage. What is in them is their users' matter: the sinks' spools and the
 * history.
 */
@NullMarked
package org.kmodwatch.agent.store;

import org.jspecify.annotations.NullMarked;
