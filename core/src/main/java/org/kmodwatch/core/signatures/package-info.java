/**
 * Contains the signatures that come with Kmodwatch. {@link java.util.ServiceLoader} finds them.
 * {@link org.kmodwatch.core.signatures.KernelModuleLoading} is the first.
 */
@NullMarked
package org.kmodwatch.core.signatures;

import org.jspecify.annotations.NullMarked;
