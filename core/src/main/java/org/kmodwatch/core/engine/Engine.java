package org.kmodwatch.core.engine;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.core.signature.EventSelector;
import org.kmodwatch.core.signature.Finding;
import org.kmodwatch.core.signature.Signature;
import org.kmodwatch.core.signature.SignatureMetadata;
import org.kmodwatch.core.signature.Verdict;

/**
 * Passes each event, once, to every signature that selected it.
 *
 * <p>The engine indexes signatures by the event names that they select. An event that no signature
 * selected costs one look-up and no memory. A signature that throws is counted and reported, and
 * does not affect the others. Not thread-safe: one thread at a time.
 */
public final class Engine implements AutoCloseable {

  private final List<Slot> slots;

  /**
   * The signatures that selected an event name, or any name, by event name and in the order of
   * registration.
   */
  private final Map<String, Slot[]> slotsByName;

  private final Slot[] slotsForAnyName;
  private long events;
  private boolean closed;

  private Engine(List<Slot> slots) {
    this.slots = slots;
    this.slotsForAnyName = select(slots, EventSelector.ANY);
    this.slotsByName = new HashMap<>();
    for (Slot slot : slots) {
      for (EventSelector selector : slot.selectors) {
        slotsByName.computeIfAbsent(selector.name(), name -> select(slots, name));
      }
    }
  }

  /**
   * Starts an engine. If a signature's {@code start} throws, the engine reports that and leaves the
   * signature out. If its metadata or selectors cannot be read, there is no id for a report: this
   * method throws the signature's exception.
   *
   * @throws IllegalArgumentException if two signatures have the same id
   */
  public static Engine start(List<Signature> signatures, EngineListener listener) {
    var slots = new ArrayList<Slot>();
    for (Signature signature : signatures) {
      var slot = new Slot(signature, listener);
      for (Slot other : slots) {
        if (other.metadata.id().equals(slot.metadata.id())) {
          throw new IllegalArgumentException(
              "two signatures have one id, remove one of them: id=%s classes=%s,%s"
                  .formatted(
                      slot.metadata.id(),
                      other.signature.getClass().getName(),
                      signature.getClass().getName()));
        }
      }
      slots.add(slot);
    }
    slots.forEach(Slot::start);
    return new Engine(List.copyOf(slots));
  }

  /**
   * Returns the signatures that {@link ServiceLoader} finds on the path, in the order of their ids.
   */
  public static List<Signature> installedSignatures() {
    var found = new ArrayList<Signature>();
    ServiceLoader.load(Signature.class).forEach(found::add);
    found.sort((a, b) -> a.metadata().id().compareTo(b.metadata().id()));
    return List.copyOf(found);
  }

  /**
   * Passes {@code event} to the signatures that selected it. If the listener throws, this method
   * throws the same exception after every signature has received the event.
   *
   * @throws IllegalStateException if the engine is closed
   */
  public void process(Event event) {
    if (closed) {
      throw new IllegalStateException("the engine is closed");
    }
    events++;
    Slot[] candidates = slotsByName.get(event.eventName());
    Throwable failure = null;
    for (Slot slot : candidates == null ? slotsForAnyName : candidates) {
      // If the listener throws, the next signature still receives the event.
      try {
        slot.offer(event);
      } catch (RuntimeException | Error e) {
        failure = join(failure, e);
      }
    }
    rethrow(failure);
  }

  /** Returns the engine's counters. */
  public EngineStatistics statistics() {
    return new EngineStatistics(events, slots.stream().map(Slot::statistics).toList());
  }

  /** Closes the signatures; a second call does nothing. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      Throwable failure = null;
      for (Slot slot : slots) {
        try {
          slot.close();
        } catch (RuntimeException | Error e) {
          failure = join(failure, e);
        }
      }
      rethrow(failure);
    }
  }

  /** Joins two failures. One failure arrives twice if a signature does not catch it. */
  @SuppressWarnings("ReferenceEquality")
  private static Throwable join(@Nullable Throwable earlier, Throwable later) {
    if (earlier == null) {
      return later;
    }
    if (earlier != later) {
      earlier.addSuppressed(later);
    }
    return earlier;
  }

  private static void rethrow(@Nullable Throwable failure) {
    switch (failure) {
      case null -> {}
      case Error error -> throw error;
      case RuntimeException exception -> throw exception;
      default -> throw new IllegalStateException("nothing throws a checked exception", failure);
    }
  }

  private static Slot[] select(List<Slot> slots, String name) {
    return slots.stream().filter(slot -> slot.mayWant(name)).toArray(Slot[]::new);
  }

  /** Holds one signature of the engine and its counters. */
  private static final class Slot implements Verdict {
    private final Signature signature;
    private final SignatureMetadata metadata;
    private final List<EventSelector> selectors;
    private final EngineListener listener;
    private boolean started;
    private @Nullable Event current;

    /**
     * The exception that the listener threw while the signature called it. The signature is not at
     * fault.
     */
    private @Nullable Throwable listenerFailure;

    private long received;
    private long findings;
    private long malformed;
    private long failures;

    Slot(Signature signature, EngineListener listener) {
      this.signature = signature;
      this.metadata = signature.metadata();
      this.selectors = List.copyOf(signature.selectedEvents());
      this.listener = listener;
    }

    boolean mayWant(String name) {
      for (EventSelector selector : selectors) {
        if (selector.name().equals(name) || selector.name().equals(EventSelector.ANY)) {
          return true;
        }
      }
      return false;
    }

    void start() {
      try {
        signature.start();
        started = true;
      } catch (Exception | LinkageError | AssertionError | StackOverflowError e) {
        fail(EngineListener.Phase.START, e);
      }
    }

    void offer(Event event) {
      if (!started || !isSelected(event)) {
        return;
      }
      received++;
      current = event;
      listenerFailure = null;
      try {
        signature.onEvent(event, this);
      } catch (Exception | LinkageError | AssertionError | StackOverflowError e) {
        if (listenerFailure == null) {
          fail(EngineListener.Phase.EVENT, e);
        }
      } finally {
        current = null;
      }
      rethrow(listenerFailure);
    }

    void close() {
      if (!started) {
        return;
      }
      try {
        signature.close();
      } catch (Exception | LinkageError | AssertionError | StackOverflowError e) {
        fail(EngineListener.Phase.CLOSE, e);
      }
    }

    @Override
    public void raise(@Nullable Value data) {
      var finding = new Finding(metadata, currentEvent(), data);
      findings++;
      tell(() -> listener.onFinding(finding));
    }

    @Override
    public void malformed(String reason) {
      Event event = currentEvent();
      malformed++;
      tell(() -> listener.onMalformed(metadata, event, reason));
    }

    private void tell(Runnable call) {
      try {
        call.run();
      } catch (RuntimeException | Error e) {
        // Kept because the signature may swallow it.
        listenerFailure = join(listenerFailure, e);
        throw e;
      }
    }

    EngineStatistics.OfSignature statistics() {
      return new EngineStatistics.OfSignature(
          metadata.id(), received, findings, malformed, failures);
    }

    private boolean isSelected(Event event) {
      for (EventSelector selector : selectors) {
        if (selector.matches(event)) {
          return true;
        }
      }
      return false;
    }

    private Event currentEvent() {
      if (current == null) {
        throw new IllegalStateException(
            "a verdict is given only while the event is being judged: id=" + metadata.id());
      }
      return current;
    }

    private void fail(EngineListener.Phase phase, Throwable failure) {
      failures++;
      listener.onFailure(metadata, phase, failure);
    }
  }
}
