package org.kmodwatch.bench;

import java.util.List;

/** Lists all measurements, in the order of docs/reference/performance.md. */
final class Measurements {

  static final List<Measurement> ALL =
      List.of(
          new SystemCallCost(),
          new ModuleLoadCost(),
          new Latency(),
          new Storm(),
          new EngineRate(),
          Replay.mixed(),
          Replay.all(),
          new ReplayMemory(),
          new Resume(),
          new HistoryQueries(),
          new WatchMemory(),
          new Start(),
          new PackageSize(),
          new Pictures());

  private Measurements() {}
}
