/**
 * Identifies containers. {@link org.kmodwatch.core.container.ContainerIds} finds the container of a
 * cgroup path. {@link org.kmodwatch.core.container.ContainerNames} reads its names from the
 * runtime's files. The functions depend only on their input; no class here opens a file.
 */
@NullMarked
package org.kmodwatch.core.container;

import org.jspecify.annotations.NullMarked;
