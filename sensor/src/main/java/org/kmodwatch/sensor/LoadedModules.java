package org.kmodwatch.sensor;

import java.util.List;

/**
 * The modules that the programs saw loaded and not yet removed. The kernel keeps this list. So it
 * is up to date even if the reader of events is far behind, and outlives an agent whose programs
 * are pinned.
 *
 * <p>A module is added after the kernel has added it to /proc/modules and /sys/module. It is
 * removed before the kernel removes it there. So a module that is in the list before and after a
 * read of both was in both meanwhile, unless it hides.
 *
 * <p>The thread that owns the sensor uses it.
 */
public interface LoadedModules {

  /** An empty list, for a source that has no such list. */
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
   * The content of the list.
   *
   * @param modules the loaded modules
   * @param gone the raw names of modules that were removed since the last read and loaded before
   *     the programs were attached
   */
  record Contents(List<LoadedModule> modules, List<String> gone) {

    /** Copies the lists. */
    public Contents {
      modules = List.copyOf(modules);
      gone = List.copyOf(gone);
    }
  }

  /**
   * Returns how many modules were loaded or removed. If two calls return the same number, no module
   * was loaded or removed between them.
   */
  long changes();

  /**
   * Reads the list, and removes the entries in {@link Contents#gone} from it. If {@link #changes}
   * differs before and after, a module may be missing from the result.
   */
  Contents read();

  /** Returns how many loaded or removed modules had no room in the list. */
  long unlisted();
}
