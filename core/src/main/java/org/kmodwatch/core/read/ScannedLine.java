package org.kmodwatch.core.read;

import org.kmodwatch.core.audit.AuditRecord;
import org.kmodwatch.core.event.Event;

/** Holds the result for one line of a block, if it must be reported. */
public sealed interface ScannedLine {

  /** Holds a wanted event. */
  record Found(Event event) implements ScannedLine {}

  /**
   * Holds a record of an audit log, which becomes an event only with others.
   *
   * @param line its number in the block, from 1
   * @param record the record
   */
  record Audit(long line, AuditRecord record) implements ScannedLine {}

  /**
   * Describes a line that is not an event.
   *
   * @param line its number in the block, from 1
   * @param reason the error, in words for a person
   */
  record Bad(long line, String reason) implements ScannedLine {}
}
