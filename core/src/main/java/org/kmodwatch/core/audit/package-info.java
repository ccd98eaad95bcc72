/**
 * Reads Linux' audit log, as far as it concerns modules. It joins the records of one event, which
 * are on separate lines, into events in our own terms.
 *
 * <p>{@link org.kmodwatch.core.audit.AuditParser} reads a line. {@link
 * org.kmodwatch.core.audit.AuditJoiner} joins records by node, time and serial number. {@link
 * org.kmodwatch.core.audit.AuditEvent} turns the joined records into events. Facts that the log
 * lacks are listed in the events as {@link org.kmodwatch.core.event.SourceContext.Missing}; nothing
 * is invented.
 *
 * <p>The format follows kernel/audit.c and kernel/auditsc.c (records, their order, quoting),
 * auditd-event.c of audit-userspace (the node before and the translations after), and
 * laurel-about(7) (its JSON). Parser and joiner are used by one thread at a time. Records are
 * immutable.
 */
@NullMarked
package org.kmodwatch.core.audit;

import org.jspecify.annotations.NullMarked;
