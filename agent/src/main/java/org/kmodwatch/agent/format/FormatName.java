package org.kmodwatch.agent.format;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.agent.output.Catalogue;
import org.kmodwatch.agent.output.Notice;

/** The formats, by the words of configuration and of {@code -o}. */
public enum FormatName {
  /** Our own envelope around findings, loads and alerts: id, kind, time, host, data. */
  KMODWATCH,
  /** Findings in the peer's finding form. */
  JSON,
  /** Load records. */
  LOADS,
  /** Alerts. */
  ALERTS,
  /** Findings as events of the peer's. */
  TRACEE,
  /** Elastic Common Schema. */
  ECS,
  /** OCSF, Kernel Extension Activity. */
  OCSF,
  /** Common Event Format. */
  CEF,
  /** Falco's alerts. */
  FALCO;

  /** What it is called in configuration and on the command line. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The format that {@code word} names, if it names one. */
  public static Optional<FormatName> ofWord(String word) {
    return Arrays.stream(values()).filter(format -> format.word().equals(word)).findFirst();
  }

  /** The kinds of notices that are written in it if nobody says otherwise. */
  public Set<Notice.Kind> usualKinds() {
    return switch (this) {
      case KMODWATCH -> EnumSet.of(Notice.Kind.FINDING, Notice.Kind.LOAD);
      case JSON, TRACEE -> EnumSet.of(Notice.Kind.FINDING);
      case LOADS -> EnumSet.of(Notice.Kind.LOAD);
      case ALERTS, ECS, OCSF, CEF, FALCO -> EnumSet.of(Notice.Kind.ALERT);
    };
  }

  /** The kinds of notices that it has a form for. */
  public Set<Notice.Kind> kinds() {
    return switch (this) {
      case JSON, TRACEE, LOADS, ALERTS -> usualKinds();
      case KMODWATCH, ECS, OCSF, CEF, FALCO -> EnumSet.allOf(Notice.Kind.class);
    };
  }

  /**
   * The format itself, for one thread.
   *
   * @param catalogue the signatures that are installed
   * @param version of Kmodwatch
   * @param host name of this host, for our own envelope; null if not known
   */
  public Format open(Catalogue catalogue, String version, @Nullable String host) {
    return switch (this) {
      case KMODWATCH -> new EnvelopeFormat(host);
      case JSON, LOADS, ALERTS -> new OneKind(kinds(), new BareFormat());
      case TRACEE -> new TraceeFormat();
      case ECS -> new EcsFormat(catalogue, AttackMapping.load());
      case OCSF -> new OcsfFormat(catalogue, AttackMapping.load(), version);
      case CEF -> new CefFormat(catalogue, version);
      case FALCO -> new FalcoFormat(catalogue);
    };
  }
}
