package org.kmodwatch.agent.pipeline;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.signature.Finding;

/**
 * What the {@link Pipeline} returns: an event or a record, with the findings of the signatures. The
 * {@link Reporter} makes notices of it.
 */
public sealed interface Judged {

  /** The event, or the one that a record rests on; null if there is none. */
  @Nullable Event event();

  /**
   * An event of the source.
   *
   * @param event the event
   * @param findings raised on it
   */
  record OfEvent(Event event, List<Finding> findings) implements Judged {
    public OfEvent {
      findings = List.copyOf(findings);
    }
  }

  /**
   * A record that came out of the load tracker.
   *
   * @param record the record, with the ids of all findings, and the policy's verdict
   * @param event the event that it rests on
   * @param findings raised on the record; without those of the record that it replaces
   * @param turn which record of its id it is, from 1
   * @param news whether it has more to report than the record that it replaces
   */
  record OfRecord(LoadRecord record, Event event, List<Finding> findings, int turn, boolean news)
      implements Judged {
    public OfRecord {
      findings = List.copyOf(findings);
    }

    /** The same with another form of the record, which has the same findings and outcome. */
    public OfRecord with(LoadRecord changed) {
      return new OfRecord(changed, event, findings, turn, news);
    }
  }

  /**
   * A fault of Kmodwatch or of a signature: the step that failed is left out.
   *
   * @param event at which it failed; null if that is not known
   * @param fault the exception or error
   */
  record Failed(@Nullable Event event, Throwable fault) implements Judged {

    /**
     * The result of a step that failed.
     *
     * @throws VirtualMachineError that {@code fault} is, but for a stack overflow: after those
     *     nothing can be relied on
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
