package org.kmodwatch.agent.sink;

/** A target is the receiver of a sink, with its credentials. */
public sealed interface Target
    permits WebhookTarget,
        FileTarget,
        StdoutTarget,
        SyslogTarget,
        KafkaTarget,
        OtlpTarget,
        HistoryTarget {

  /** Returns the name in messages: enough to find the target, without a secret. */
  String shown();
}
