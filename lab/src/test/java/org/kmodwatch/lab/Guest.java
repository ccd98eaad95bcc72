package org.kmodwatch.lab;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ArgumentsSource;

/**
 * Boots a guest for a test class, once under each kernel, and hands what it left to the class's
 * constructor: a {@link GuestRecord}, or the lines that the script printed where no agent watches.
 * Classes that ask for the same boot share it.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@ParameterizedClass(name = "{argumentSetName}")
@ArgumentsSource(GuestBoots.class)
@interface Guest {

  /** The resource that sh runs; it has to end with 0. */
  String script();

  /** Lines of sh that stand before the script. */
  String variables() default "";

  /** The test modules in /root, without {@code .ko}. */
  String[] modules() default {};

  /** Additions to the kernel's command line. */
  String[] kernelArguments() default {};

  GuestAgent agent() default GuestAgent.WATCHING;

  /** How long the guest may take. */
  int minutes() default 10;

  Kernels kernels() default Kernels.FEW;

  /** Which kernels: {@link TestKernels} says when which. */
  enum Kernels {
    ALL,
    FEW,
    NEWEST
  }
}
