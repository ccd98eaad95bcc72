package org.kmodwatch.agent.sink;

/** Where a sink sends to, and as whom. */
public sealed interface Target
    permits WebhookTarget,
        FileTarget,
        StdoutTarget,
        SyslogTarget,
        KafkaTarget,
        OtlpTarget,
        HistoryTarget {

  /** What it is called in messages: enough to find it, and nothing secret. */
  String shown();
}
