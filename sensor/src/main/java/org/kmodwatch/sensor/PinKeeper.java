package org.kmodwatch.sensor;

import java.time.Instant;
import java.util.Optional;

/**
 * Keeps, outside of the kernel, what a pinned sensor must find again: what is in the kernel can be
 * changed by bpf(2) and rm. Called on the sensor's thread.
 */
public interface PinKeeper {

  /** Keeps nothing, and so has nothing to compare with. */
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
   * @param state what was left
   * @param at when it was kept, for a person
   */
  record Kept(PinnedState state, Instant at) {}

  /** The last state that was kept since the machine was booted, by whichever process. */
  Optional<Kept> last();

  /**
   * Keeps a state. It is called before what was read up to there is given back to the kernel, so
   * that a kill in between leaves nothing that looks as if somebody had moved the reader on. What
   * fails is the keeper's to tell.
   */
  void keep(PinnedState state);
}
