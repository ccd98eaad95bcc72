package org.kmodwatch.agent.identity;

import java.nio.file.Path;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.SensorContext;
import org.kmodwatch.core.event.SensorContext.FileIdentity;
import org.kmodwatch.core.event.SensorContexts;
import org.kmodwatch.core.load.LoadEvent;

/**
 * Adds to the live sensor's events whether a path in the distribution's tree of modules leads to
 * the same file here. In another mount namespace, or on a detached mount, any file may have such a
 * path.
 */
public final class FilePlaces {

  private final SameFile files;

  /** Checks paths on the host whose file system begins at {@code root}. */
  public FilePlaces(Path root) {
    this.files = new SameFile(root);
  }

  /** Returns {@code event}, with the fact whether its file is here if that matters. */
  public Event enrich(Event event) {
    boolean recordHasItsFile =
        switch (LoadEvent.of(event)) {
          case LoadEvent.CallReturned _, LoadEvent.CallOverdue _, LoadEvent.Live _ -> true;
          default -> false;
        };
    if (!recordHasItsFile) {
      return event;
    }
    SensorContext context = SensorContexts.of(event).orElse(null);
    if (context == null) {
      return event;
    }
    FileIdentity file = context.file();
    return file == null || !isInTree(file.path())
        ? event
        : SensorContexts.with(event, context.withFile(file.found(files.isThere(file))));
  }

  private static boolean isInTree(String path) {
    return path.startsWith("/lib/modules/") || path.startsWith("/usr/lib/modules/");
  }
}
