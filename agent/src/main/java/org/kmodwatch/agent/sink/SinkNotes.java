package org.kmodwatch.agent.sink;

import java.util.function.Consumer;

/**
 * Reports messages about one sink to the operator, from any thread.
 *
 * @param name the name of the sink, which precedes each message
 * @param notes takes the messages
 * @param refusals takes a line for each item that the receiver rejected
 */
record SinkNotes(String name, Consumer<String> notes, Consumer<String> refusals) {

  static SinkNotes of(SinkSettings sink, SinkContext context) {
    return new SinkNotes(sink.name(), context.notes(), context.refusals());
  }

  void note(String text) {
    notes.accept(name + ": " + text);
  }

  void refused(String text) {
    refusals.accept(name + ": " + text);
  }
}
