/**
 * Keeps small files across runs: reported attempts, known modules, attempts that ended an agent.
 * Open {@link org.kmodwatch.agent.state.ReportJournal} first.
 */
@NullMarked
package org.kmodwatch.agent.state;

import org.jspecify.annotations.NullMarked;
