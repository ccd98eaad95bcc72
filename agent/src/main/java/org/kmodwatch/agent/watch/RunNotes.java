package org.kmodwatch.agent.watch;

import java.util.List;
import org.kmodwatch.agent.doctor.Machine;
import org.kmodwatch.agent.pipeline.Pipeline;
import org.kmodwatch.agent.settings.WatchSettings;
import org.kmodwatch.agent.shell.Counted;
import org.kmodwatch.agent.shell.Shell;
import org.kmodwatch.agent.sink.SinkAccount;
import org.kmodwatch.sensor.HookStatus;
import org.kmodwatch.sensor.Sensor;
import org.kmodwatch.sensor.SensorStatistics;

/** Reports the stages of a run to the operator, on standard error. */
final class RunNotes {

  private final Shell shell;

  RunNotes(Shell shell) {
    this.shell = shell;
  }

  /**
   * Reports that the sensor is armed, and what it cannot see.
   *
   * @param signatures the number of signatures
   * @return the line that says that it is armed
   */
  String armed(Sensor live, int signatures) {
    List<HookStatus> hooks = live.hooks();
    long attached = hooks.stream().filter(h -> h.state() == HookStatus.State.ATTACHED).count();
    String armed =
        "armed: %d of %d hooks, kernel %s, engine %s"
            .formatted(
                attached,
                hooks.size(),
                Machine.at(shell.root()).kernelRelease(),
                Counted.of(signatures, "signature"));
    shell.note(armed);
    for (HookStatus hook : hooks) {
      if (hook.state() != HookStatus.State.ATTACHED) {
        shell.note(
            "without %s: %s (%s)"
                .formatted(
                    hook.hook().target(),
                    hook.hook().lostWithout(),
                    hook.detail().isEmpty() ? "this kernel does not have it" : hook.detail()));
      }
    }
    if (live.isWithoutStrings()) {
      shell.note(
          "without what the kernel's lockdown (confidentiality) forbids to read: "
              + Sensor.LOST_IN_LOCKDOWN);
    }
    return armed;
  }

  void takenOver() {
    shell.note("the pinned programs were taken over, with what they have seen since");
  }

  void loadedBefore(int modules) {
    shell.note(
        "%s %s loaded before"
            .formatted(Counted.of(modules, "module"), modules == 1 ? "was" : "were"));
  }

  /** Reports modules that are loaded although the resumed sensor has no record of them. */
  void inNoRecord(int modules) {
    shell.note(
        "%s %s loaded, and may be in no record: recorded as preExisting"
            .formatted(Counted.of(modules, "module"), modules == 1 ? "is" : "are"));
  }

  void changed(WatchSettings.Changeable settings) {
    shell.note(
        "configuration: read anew: %s, %s"
            .formatted(
                Counted.of(settings.sinks().size(), "sink"),
                Counted.of(settings.policy().rules().size(), "rule")));
  }

  void unchanged(RuntimeException e) {
    shell.complain(e.getMessage() + "; the configuration stays as it was");
  }

  void neverHit(List<String> rules) {
    if (!rules.isEmpty()) {
      shell.note("policy: never spoke in this run: " + String.join(", ", rules));
    }
  }

  void accounts(List<SinkAccount> accounts) {
    accounts.forEach(account -> shell.note(account.toString()));
  }

  void leftPinned() {
    shell.note("the programs stay pinned, and keep what they see for the next start");
  }

  void ended(Pipeline pipeline, SensorStatistics statistics) {
    shell.note(
        "%s, %s, %s, held back %d, lost %d"
            .formatted(
                Counted.of(pipeline.events(), "event"),
                Counted.of(pipeline.loads(), "load"),
                Counted.of(pipeline.findings(), "finding"),
                statistics.suppressed(),
                statistics.lost()));
  }
}
