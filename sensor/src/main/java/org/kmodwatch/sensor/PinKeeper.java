package org.kmodwatch.sensor;

import java.time.Instant;
import java.util.Optional;

/**
 * Keeps the state that a pinned sensor must find again outside of the kernel: bpf(2) and rm can
 * change the state in the kernel. The sensor's thread calls it.
 */
public interface PinKeeper {

  /** A keeper that keeps nothing, and so has no state to compare with. */
  PinKeeper NONE =
      new PinKeeper() {
        @Override
        public Optional<Kept> last() {
          return Optional.empty();
        }

        @Override
        public void keep(PinnedState state) {}
      };

  /**
   * A state that was kept.
   *
   * @param state the state
   * @param at when it was kept, for a person
   */
  record Kept(PinnedState state, Instant at) {}

  /** Returns the last state that any process kept since the machine was booted. */
  Optional<Kept> last();

  /**
   * Keeps a state. It is called before the ring space of read records is freed. So a kill in
   * between does not look as if somebody had moved the reader. The keeper reports its own failures.
   */
  void keep(PinnedState state);
}
