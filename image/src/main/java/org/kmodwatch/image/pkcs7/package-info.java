/**
 * Repeats the kernel's check of a module's signature, step by step and error by error
 * (crypto/asymmetric_keys of Linux 6.12). The order of its steps matters: the first error decides
 * whether the kernel still loads the module.
 */
@NullMarked
package org.kmodwatch.image.pkcs7;

import org.jspecify.annotations.NullMarked;
