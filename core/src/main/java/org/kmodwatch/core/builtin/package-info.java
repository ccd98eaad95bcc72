/**
 * Contains the signatures that come with Kmodwatch. {@link java.util.ServiceLoader} finds them.
 * {@link org.kmodwatch.core.builtin.KernelModuleLoading} is the first.
 */
@NullMarked
package org.kmodwatch.core.builtin;

import org.jspecify.annotations.NullMarked;
