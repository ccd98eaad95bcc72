package org.kmodwatch.agent.sink;

import java.time.InstantSource;
import java.util.List;
import java.util.function.Consumer;
import org.kmodwatch.core.load.LoadRecordException;
import org.kmodwatch.history.History;
import org.kmodwatch.history.HistoryException;
import org.kmodwatch.history.store.StoreException;

/** Adds load records to the history. A batch counts as accepted only after it is on disk. */
final class HistoryTransport implements Transport {

  private final History history;

  /**
   * Creates a transport to the history of {@code target}.
   *
   * @param notes takes messages for the operator
   * @throws SinkException if the history's folder cannot be used
   */
  HistoryTransport(HistoryTarget target, InstantSource clock, Consumer<String> notes) {
    try {
      history =
          History.of(
              target.folder(), target.maxBytes(), target.maxAge(), clock, System::nanoTime, notes);
    } catch (StoreException e) {
      throw new SinkException(String.valueOf(e.getMessage()), e);
    }
  }

  @Override
  public Answer send(List<Item> batch) {
    try {
      history.add(batch.stream().map(Item::body).toList());
      return new Answer.Taken();
    } catch (LoadRecordException e) {
      return new Answer.Refused(String.valueOf(e.getMessage()));
    } catch (HistoryException e) {
      return new Answer.Later(String.valueOf(e.getMessage()), null);
    }
  }

  @Override
  public void close() {
    history.close();
  }
}
