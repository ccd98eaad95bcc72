package org.kmodwatch.sensor;

import java.util.List;

/**
 * The modules that the programs saw come in and not go. The kernel keeps this list, so it is up to
 * date however far behind the reader of events is, and outlives an agent whose programs are pinned.
 *
 * <p>A module is put into it after the kernel has put it into /proc/modules and /sys/module, and
 * taken out of it before the kernel takes it out of those. So what is in it before and after a look
 * at those two was in both of them meanwhile, unless it hides.
 *
 * <p>Used by the thread that owns the sensor.
 */
public interface LoadedModules {

  /** Of a source that has none. */
  LoadedModules NONE =
      new LoadedModules() {
        @Override
        public long changes() {
          return 0;
        }

        @Override
        public Contents read() {
          return new Contents(List.of(), List.of());
        }

        @Override
        public long unlisted() {
          return 0;
        }
      };

  /**
   * What the list has.
   *
   * @param modules those that are loaded
   * @param gone raw names of modules that went since the last look, and had been there before the
   *     programs
   */
  record Contents(List<LoadedModule> modules, List<String> gone) {

    /** Copies the lists. */
    public Contents {
      modules = List.copyOf(modules);
      gone = List.copyOf(gone);
    }
  }

  /**
   * How many modules have come in or gone. The same number before and after something means that
   * none did meanwhile.
   */
  long changes();

  /**
   * Reads the list; what has {@link Contents#gone} is taken out of it. If {@link #changes} differs
   * before and after, a module may be missing from what was read.
   */
  Contents read();

  /** How many modules came in or went that the list had no room for. */
  long unlisted();
}
