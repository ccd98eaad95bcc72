/**
 * The small files that outlast a run: what was reported, which modules are known, what ended an
 * agent. Open {@link org.kmodwatch.agent.state.ReportJournal} first.
 */
@NullMarked
package org.kmodwatch.agent.state;

import org.jspecify.annotations.NullMarked;
