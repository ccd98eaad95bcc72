package org.kmodwatch.core.event;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One action of the kernel. The fields are those of Tracee's flat event form
 * (docs/reference/formats.md). A field that the producer lacks is null. A producer's additional
 * fields are kept in {@code unknownFields} and written out again.
 *
 * @param source the vocabulary of {@code eventName}: {@value #SOURCE_TRACEE} for every producer
 *     that uses Tracee's event names, including the live sensor. Not part of the JSON.
 * @param timestampNanos when the event happened, in nanoseconds since the epoch; for a system call,
 *     when it was entered. In old recordings nanoseconds since boot.
 * @param process the thread in which the event happened
 * @param hostName name of the host in the thread's UTS namespace
 * @param container the container in which the event happened, or {@link ContainerContext#NONE}
 * @param kubernetes the pod in which the event happened, or {@link KubernetesContext#NONE}
 * @param eventId the producer's number for this kind of event. It differs between releases: no code
 *     depends on it.
 * @param eventName the kind of event, by which signatures select
 * @param matchedPolicies names of the producer's policies that matched the event; null if the
 *     producer did not say
 * @param returnValue the result of the call or hook (0 or a negative errno); null if it has not
 *     returned
 * @param syscall the system call in which the event happened; empty outside a call
 * @param stackAddresses unsigned 64-bit return addresses; null if the producer recorded none
 * @param containerStarted whether the container had started
 * @param compat whether the call came through the 32-bit table
 * @param args the arguments, in the producer's order; null if the producer wrote null
 * @param metadata facts on the signature, in an event that a signature raised; null on events of
 *     the kernel
 * @param unknownFields fields without a component above, by key
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

  /** The source of every event that uses Tracee's event names. */
  public static final String SOURCE_TRACEE = "tracee";

  /** Copies the collections. */
  public Event {
    matchedPolicies = matchedPolicies == null ? null : List.copyOf(matchedPolicies);
    stackAddresses = stackAddresses == null ? null : List.copyOf(stackAddresses);
    args = args == null ? null : List.copyOf(args);
    unknownFields = Value.orderedCopy(unknownFields);
  }

  /** Returns this event with other arguments. */
  public Event withArgs(List<Argument> args) {
    return with(eventName, args, container, kubernetes, containerStarted, unknownFields);
  }

  /** Returns this event with another name. */
  public Event named(String newName) {
    return with(newName, args, container, kubernetes, containerStarted, unknownFields);
  }

  /** Returns this event as an event of a process in a started container. */
  public Event inContainer(ContainerContext container, KubernetesContext kubernetes) {
    return with(eventName, args, container, kubernetes, true, unknownFields);
  }

  /** Returns this event with other unknown fields. */
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
   * Returns where the event happened, by the rule of Tracee's format: a started container, else any
   * container, else the host.
   */
  public Origin origin() {
    if (containerStarted) {
      return Origin.CONTAINER;
    }
    String id = container.id();
    return id == null || id.isEmpty() ? Origin.HOST : Origin.CONTAINER_INIT;
  }

  /** Returns the value of the first argument named {@code name}; empty without such an argument. */
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

  /** Returns the string argument named {@code name}; empty if it is missing or not a string. */
  public Optional<String> stringArgument(String name) {
    return argument(name)
        .flatMap(v -> v instanceof Value.Str(String text) ? Optional.of(text) : Optional.empty());
  }
}
