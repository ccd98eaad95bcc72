package org.kmodwatch.agent.pipeline;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.signature.Finding;

/**
 * A result of the {@link Pipeline}: an event or a record, with the findings of the signatures. The
 * {@link Reporter} makes notices of it.
 */
public sealed interface Judged {

  /** Returns the event, or the event that a record is based on; null if no event is known. */
  @Nullable Event event();

  /**
   * Holds an event of the source.
   *
   * @param event the event
   * @param findings findings raised on it
   */
  record OfEvent(Event event, List<Finding> findings) implements Judged {
    public OfEvent {
      findings = List.copyOf(findings);
    }
  }

  /**
   * Holds a record of the load tracker.
   *
   * @param record the record, with the ids of all findings, and the policy's verdict
   * @param event the event that the record is based on
   * @param findings findings raised on the record, without those of the record that it replaces
   * @param turn the number of this record among those of its id, from 1
   * @param news whether the record reports more than the one that it replaces
   */
  record OfRecord(LoadRecord record, Event event, List<Finding> findings, int turn, boolean news)
      implements Judged {
    public OfRecord {
      findings = List.copyOf(findings);
    }

    /**
     * Returns this result with another form of the record, which has the same findings and outcome.
     */
    public OfRecord with(LoadRecord changed) {
      return new OfRecord(changed, event, findings, turn, news);
    }
  }

  /**
   * Holds a fault of Kmodwatch or of a signature. The failed step is skipped.
   *
   * @param event the event at which the step failed; null if it is not known
   * @param fault the exception or error
   */
  record Failed(@Nullable Event event, Throwable fault) implements Judged {

    /**
     * Returns the result of a failed step.
     *
     * @throws VirtualMachineError if {@code fault} is one, except a stack overflow: the JVM's state
     *     is unreliable afterwards
     */
    public static Failed of(@Nullable Event event, Throwable fault) {
      if (fault instanceof VirtualMachineError error && !(fault instanceof StackOverflowError)) {
        throw error;
      }
      return new Failed(event, fault);
    }

    /** Throws the fault. */
    public void raise() {
      switch (fault) {
        case RuntimeException exception -> throw exception;
        case Error error -> throw error;
        default -> throw new IllegalStateException("no step throws a checked exception", fault);
      }
    }
  }
}
