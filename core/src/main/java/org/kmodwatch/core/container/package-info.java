/**
 * Containers: {@link org.kmodwatch.core.container.ContainerIds} tells from a cgroup's path which
 * one it is, {@link org.kmodwatch.core.container.ContainerNames} from a runtime's own files what
 * people call it. Pure functions of their input; nothing here reads a file.
 */
@NullMarked
package org.kmodwatch.core.container;

import org.jspecify.annotations.NullMarked;
