package org.kmodwatch.agent.identity;

import java.nio.file.Path;
import java.util.Set;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.EventNames;
import org.kmodwatch.core.event.SensorContext;
import org.kmodwatch.core.event.SensorContext.FileIdentity;
import org.kmodwatch.core.event.SensorContexts;

/**
 * Says of the live sensor's events whether a path in the distribution's tree of modules leads to
 * the same file here. In another mount namespace, or on a mount that nothing leads to, anything may
 * have such a path.
 */
public final class FilePlaces {

  /** Those whose file a load record has. */
  private static final Set<String> EVENTS =
      Set.of(
          EventNames.FINIT_MODULE,
          EventNames.INIT_MODULE,
          EventNames.INIT_MODULE_RETURN,
          EventNames.MODULE_LOAD);

  private final SameFile files;

  /** Looks at the host whose file system begins at {@code root}. */
  public FilePlaces(Path root) {
    this.files = new SameFile(root);
  }

  /** {@code event}, which says whether its file is here if that matters. */
  public Event enrich(Event event) {
    if (!EVENTS.contains(event.eventName())) {
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
