package org.kmodwatch.agent.format;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.agent.output.Catalogue;
import org.kmodwatch.agent.output.Notice;

/** The formats, with their words in the configuration and of {@code -o}. */
public enum FormatName {
  /** Kmodwatch's own envelope around findings, loads and alerts: id, kind, time, host, data. */
  KMODWATCH,
  /** Findings in Tracee's finding form. */
  JSON,
  /** Load records. */
  LOADS,
  /** Alerts. */
  ALERTS,
  /** Findings as events of Tracee. */
  TRACEE,
  /** Elastic Common Schema. */
  ECS,
  /** OCSF, Kernel Extension Activity. */
  OCSF,
  /** Common Event Format. */
  CEF,
  /** Falco's alerts. */
  FALCO;

  /** Returns its word in the configuration and on the command line. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Returns the format of {@code word}, if that is a format's word. */
  public static Optional<FormatName> ofWord(String word) {
    return Arrays.stream(values()).filter(format -> format.word().equals(word)).findFirst();
  }

  /** Returns the kinds of notices that are written in this format by default. */
  public Set<Notice.Kind> usualKinds() {
    return switch (this) {
      case KMODWATCH -> EnumSet.of(Notice.Kind.FINDING, Notice.Kind.LOAD);
      case JSON, TRACEE -> EnumSet.of(Notice.Kind.FINDING);
      case LOADS -> EnumSet.of(Notice.Kind.LOAD);
      case ALERTS, ECS, OCSF, CEF, FALCO -> EnumSet.of(Notice.Kind.ALERT);
    };
  }

  /** Returns the kinds of notices that this format supports. */
  public Set<Notice.Kind> kinds() {
    return switch (this) {
      case JSON, TRACEE, LOADS, ALERTS -> usualKinds();
      case KMODWATCH, ECS, OCSF, CEF, FALCO -> EnumSet.allOf(Notice.Kind.class);
    };
  }

  /**
   * Creates the format, for one thread.
   *
   * @param catalogue the installed signatures
   * @param version the version of Kmodwatch
   * @param host the name of this host, for Kmodwatch's own envelope; null if not known
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
