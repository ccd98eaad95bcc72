package org.kmodwatch.core.format;

import org.kmodwatch.core.audit.AuditRecord;
import org.kmodwatch.core.event.Event;

/** What a line of a block turned out to be, if anybody is to hear of it. */
public sealed interface ScannedLine {

  /** An event that is wanted. */
  record Found(Event event) implements ScannedLine {}

  /**
   * A record of an audit log, which becomes an event only with others.
   *
   * @param line its number in the block, from 1
   * @param record what it says
   */
  record Audit(long line, AuditRecord record) implements ScannedLine {}

  /**
   * A line that is no event.
   *
   * @param line its number in the block, from 1
   * @param reason what is wrong with it, for a person
   */
  record Bad(long line, String reason) implements ScannedLine {}
}
