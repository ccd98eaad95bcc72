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
    return toBuilder().args(args).build();
  }

  /** Returns this event with another name. */
  public Event named(String newName) {
    return toBuilder().eventName(newName).build();
  }

  /** Returns this event as an event of a process in a started container. */
  public Event inContainer(ContainerContext container, KubernetesContext kubernetes) {
    return toBuilder().container(container).kubernetes(kubernetes).containerStarted(true).build();
  }

  /** Returns this event with other unknown fields. */
  public Event withUnknownFields(Map<String, Value> fields) {
    return toBuilder().unknownFields(fields).build();
  }

  /**
   * Returns a builder of an event that happened in no process and no container, with id "0".
   *
   * @param eventName the kind of event
   * @param timestampNanos when it happened, in nanoseconds since the epoch
   */
  public static Builder builder(String eventName, long timestampNanos) {
    return new Builder(eventName, timestampNanos);
  }

  /** Returns a builder with the fields of this event. */
  public Builder toBuilder() {
    return builder(eventName, timestampNanos)
        .source(source)
        .process(process)
        .hostName(hostName)
        .container(container)
        .kubernetes(kubernetes)
        .eventId(eventId)
        .matchedPolicies(matchedPolicies)
        .returnValue(returnValue)
        .syscall(syscall)
        .stackAddresses(stackAddresses)
        .containerStarted(containerStarted)
        .compat(compat)
        .args(args)
        .metadata(metadata)
        .unknownFields(unknownFields);
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

  /** Builds an event, field by field. Each method sets the component of its name. */
  public static final class Builder {
    private String source = SOURCE_TRACEE;
    private long timestampNanos;
    private ProcessContext process = ProcessContext.NONE;
    private String hostName = "";
    private ContainerContext container = ContainerContext.NONE;
    private KubernetesContext kubernetes = KubernetesContext.NONE;
    private String eventId = "0";
    private String eventName;
    private @Nullable List<String> matchedPolicies;
    private @Nullable Long returnValue;
    private String syscall = "";
    private @Nullable List<Long> stackAddresses;
    private boolean containerStarted;
    private boolean compat;
    private @Nullable List<Argument> args = List.of();
    private @Nullable Value metadata;
    private Map<String, Value> unknownFields = Map.of();

    private Builder(String eventName, long timestampNanos) {
      this.eventName = eventName;
      this.timestampNanos = timestampNanos;
    }

    /** Sets {@code source}. */
    public Builder source(String source) {
      this.source = source;
      return this;
    }

    /** Sets {@code timestampNanos}. */
    public Builder timestampNanos(long timestampNanos) {
      this.timestampNanos = timestampNanos;
      return this;
    }

    /** Sets {@code process}. */
    public Builder process(ProcessContext process) {
      this.process = process;
      return this;
    }

    /** Sets {@code hostName}. */
    public Builder hostName(String hostName) {
      this.hostName = hostName;
      return this;
    }

    /** Sets {@code container}. */
    public Builder container(ContainerContext container) {
      this.container = container;
      return this;
    }

    /** Sets {@code kubernetes}. */
    public Builder kubernetes(KubernetesContext kubernetes) {
      this.kubernetes = kubernetes;
      return this;
    }

    /** Sets {@code eventId}. */
    public Builder eventId(String eventId) {
      this.eventId = eventId;
      return this;
    }

    /** Sets {@code eventName}. */
    public Builder eventName(String eventName) {
      this.eventName = eventName;
      return this;
    }

    /** Sets {@code matchedPolicies}. */
    public Builder matchedPolicies(@Nullable List<String> matchedPolicies) {
      this.matchedPolicies = matchedPolicies;
      return this;
    }

    /** Sets {@code returnValue}. */
    public Builder returnValue(@Nullable Long returnValue) {
      this.returnValue = returnValue;
      return this;
    }

    /** Sets {@code syscall}. */
    public Builder syscall(String syscall) {
      this.syscall = syscall;
      return this;
    }

    /** Sets {@code stackAddresses}. */
    public Builder stackAddresses(@Nullable List<Long> stackAddresses) {
      this.stackAddresses = stackAddresses;
      return this;
    }

    /** Sets {@code containerStarted}. */
    public Builder containerStarted(boolean containerStarted) {
      this.containerStarted = containerStarted;
      return this;
    }

    /** Sets {@code compat}. */
    public Builder compat(boolean compat) {
      this.compat = compat;
      return this;
    }

    /** Sets {@code args}. */
    public Builder args(@Nullable List<Argument> args) {
      this.args = args;
      return this;
    }

    /** Sets {@code metadata}. */
    public Builder metadata(@Nullable Value metadata) {
      this.metadata = metadata;
      return this;
    }

    /** Sets {@code unknownFields}. */
    public Builder unknownFields(Map<String, Value> unknownFields) {
      this.unknownFields = unknownFields;
      return this;
    }

    /** Returns the event. */
    public Event build() {
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
  }
}
