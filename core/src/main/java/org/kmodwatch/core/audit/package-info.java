/**
 * Linux' audit log, as far as it tells of modules: the records of one event, which come line by
 * line, joined into events in our own terms.
 *
 * <p>{@link org.kmodwatch.core.audit.AuditParser} reads a line, {@link
 * org.kmodwatch.core.audit.AuditJoiner} joins what was read by node, time and serial number, and
 * {@link org.kmodwatch.core.audit.AuditEvent} turns it into events. What the log cannot know stands
 * in the events as {@link org.kmodwatch.core.event.SourceContext.Missing}; nothing is made up.
 *
 * <p>The format is from the kernel's kernel/audit.c and kernel/auditsc.c (records, their order,
 * quoting), auditd-event.c of audit-userspace (the node before and the translations behind), and
 * laurel-about(7) (its JSON). Parser and joiner are used by one thread at a time; records are
 * immutable.
 */
@NullMarked
package org.kmodwatch.core.audit;

import org.jspecify.annotations.NullMarked;
