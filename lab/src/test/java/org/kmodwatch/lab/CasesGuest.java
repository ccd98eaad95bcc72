package org.kmodwatch.lab;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Runs {@code cases.sh} under each kernel. Several test classes share one boot, and each tests
 * another aspect of it.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Guest(
    script = "cases.sh",
    modules = {
      "kw_plain",
      "kw_params",
      "kw_unresolved",
      "kw_initfail",
      "kw_paramrefuse",
      "kw_slow",
      "kw_oops",
      "kw_a_name_of_fifty_five_characters_which_is_the_longest"
    },
    kernels = Guest.Kernels.ALL)
@interface CasesGuest {}
