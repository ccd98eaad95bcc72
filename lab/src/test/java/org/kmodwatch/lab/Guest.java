package org.kmodwatch.lab;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ArgumentsSource;

/**
 * Boots a guest for a test class, once under each kernel. The class's constructor gets a {@link
 * GuestRecord}. If no agent watches, it gets the lines of the script's output, or the {@link
 * LabResult} with all files. Classes that ask for the same boot share it.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@ParameterizedClass(name = "{argumentSetName}")
@ArgumentsSource(GuestBoots.class)
@interface Guest {

  /** Returns the resource that sh runs; it must end with 0. */
  String script();

  /** Returns the lines of sh that precede the script. */
  String variables() default "";

  /** Returns the test modules in /root, without {@code .ko}. */
  String[] modules() default {};

  /** Returns the additions to the kernel's command line. */
  String[] kernelArguments() default {};

  GuestAgent agent() default GuestAgent.WATCHING;

  /** Returns the class that adds to the run what an annotation cannot name. */
  Class<? extends GuestPreparation> preparation() default GuestPreparation.None.class;

  /** Returns the time limit of the guest, in minutes. */
  int minutes() default 10;

  Kernels kernels() default Kernels.FEW;

  /** The selection of kernels, which {@link TestKernels} defines. */
  enum Kernels {
    ALL,
    FEW,
    NEWEST
  }
}
