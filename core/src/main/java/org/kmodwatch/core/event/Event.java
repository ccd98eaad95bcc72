package org.kmodwatch.core.event;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One thing the kernel did. The fields are those of the peer's flat event form
 * (docs/reference/formats.md); a producer that has no word for one leaves it null, and what a
 * producer adds that has no field here is kept in {@code unknownFields} and written back out.
 *
 * @param source the vocabulary that {@code eventName} is from: {@value #SOURCE_TRACEE} for
 *     everything that speaks the peer's event names, the live sensor included. Not part of the
 *     JSON.
 * @param timestampNanos when it happened, nanoseconds since the epoch; for a system call, when it
 *     was entered. In old recordings nanoseconds since boot.
 * @param process the thread it happened in
 * @param hostName name of the host, as the thread's UTS namespace has it
 * @param container the container it happened in, or {@link ContainerContext#NONE}
 * @param kubernetes the pod it happened in, or {@link KubernetesContext#NONE}
 * @param eventId the producer's number for this kind of event. It differs between releases: nothing
 *     depends on it.
 * @param eventName the kind of event; what signatures select by
 * @param matchedPolicies names of the producer's policies that let it through; null if the producer
 *     did not say
 * @param returnValue what the call or hook returned (0 or a negative errno); null if it has not
 *     returned
 * @param syscall the system call it happened in, empty if in none
 * @param stackAddresses unsigned 64-bit return addresses; null if the producer took none
 * @param containerStarted whether the container had started
 * @param compat whether the call came by the 32-bit table
 * @param args the arguments, in the producer's order; null if the producer wrote null
 * @param metadata what a signature's own event carries about the signature; null on events of the
 *     kernel
 * @param unknownFields fields with no place above, by key
 */
public record Event(
    String source,
    long timestampNanos,
    ProcessContext process,
    String hostName,
    ContainerContext container,
    KubernetesContext kubernetes,
    String eventId,
    String eventName,
    @Nullable List<String> matchedPolicies,
    @Nullable Long returnValue,
    String syscall,
    @Nullable List<Long> stackAddresses,
    boolean containerStarted,
    boolean compat,
    @Nullable List<Argument> args,
    @Nullable Value metadata,
    Map<String, Value> unknownFields) {

  /** The source of every event that speaks the peer's event names. */
  public static final String SOURCE_TRACEE = "tracee";

  /** Copies the collections. */
  public Event {
    matchedPolicies = matchedPolicies == null ? null : List.copyOf(matchedPolicies);
    stackAddresses = stackAddresses == null ? null : List.copyOf(stackAddresses);
    args = args == null ? null : List.copyOf(args);
    unknownFields = Value.orderedCopy(unknownFields);
  }

  /** This event with other arguments. */
  public Event withArgs(List<Argument> args) {
    return with(eventName, args, container, kubernetes, containerStarted, unknownFields);
  }

  /** This event under another name. */
  public Event named(String newName) {
    return with(newName, args, container, kubernetes, containerStarted, unknownFields);
  }

  /** This event as one of a process in a container that has started. */
  public Event inContainer(ContainerContext container, KubernetesContext kubernetes) {
    return with(eventName, args, container, kubernetes, true, unknownFields);
  }

  /** This event with other fields of its producer's own. */
  public Event withUnknownFields(Map<String, Value> fields) {
    return with(eventName, args, container, kubernetes, containerStarted, fields);
  }

  private Event with(
      String eventName,
      @Nullable List<Argument> args,
      ContainerContext container,
      KubernetesContext kubernetes,
      boolean containerStarted,
      Map<String, Value> unknownFields) {
    return new Event(
        source,
        timestampNanos,
        process,
        hostName,
        container,
        kubernetes,
        eventId,
        eventName,
        matchedPolicies,
        returnValue,
        syscall,
        stackAddresses,
        containerStarted,
        compat,
        args,
        metadata,
        unknownFields);
  }

  /**
   * Where it happened, by the rule of the peer's format: a started container, else any container at
   * all, else the host.
   */
  public Origin origin() {
    if (containerStarted) {
      return Origin.CONTAINER;
    }
    String id = container.id();
    return id == null || id.isEmpty() ? Origin.HOST : Origin.CONTAINER_INIT;
  }

  /** The value of the first argument named {@code name}; empty if there is none. */
  public Optional<Value> argument(String name) {
    if (args == null) {
      return Optional.empty();
    }
    for (int i = 0; i < args.size(); i++) {
      Argument argument = args.get(i);
      if (argument.name().equals(name)) {
        return Optional.of(argument.value());
      }
    }
    return Optional.empty();
  }

  /** The string argument named {@code name}; empty if there is none or it is not a string. */
  public Optional<String> stringArgument(String name) {
    return argument(name)
        .flatMap(v -> v instanceof Value.Str(String text) ? Optional.of(text) : Optional.empty());
  }
}
