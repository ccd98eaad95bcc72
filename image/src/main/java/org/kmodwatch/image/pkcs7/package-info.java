/**
 * The kernel's check of a module's signature, step by step and error by error
 * (crypto/asymmetric_keys of Linux 6.12): what it parses, what it compares, and in which order,
 * since the first error decides whether a module is loaded all the same.
 */
@NullMarked
package org.kmodwatch.image.pkcs7;

import org.jspecify.annotations.NullMarked;
