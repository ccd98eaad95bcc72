/**
 * Identifies modules and their owners: {@link org.kmodwatch.agent.identity.LoadedImages} for images
 * that the kernel got, {@link org.kmodwatch.agent.identity.ModuleReport} for a file.
 *
 * <p>Bytes, paths and the databases of packages may come from strangers. They are bounded, and none
 * of them is trusted.
 */
@NullMarked
package org.kmodwatch.agent.identity;

import org.jspecify.annotations.NullMarked;
