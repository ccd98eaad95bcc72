package org.kmodwatch.sensor;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(
    packages = "org.kmodwatch.sensor",
    importOptions = ImportOption.DoNotIncludeTests.class)
final class ArchitectureTest {

  @ArchTest
  static final ArchRule NATIVE_CODE_IS_IN_ONE_PACKAGE =
      noClasses()
          .that()
          .resideOutsideOfPackage("org.kmodwatch.sensor.kernel")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("java.lang.foreign");

  @ArchTest
  static final ArchRule NATIVE_CODE_KNOWS_NO_EVENTS =
      noClasses()
          .that()
          .resideInAPackage("org.kmodwatch.sensor.kernel")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("org.kmodwatch.core..", "org.kmodwatch.sensor");

  @ArchTest
  static final ArchRule NO_CYCLES =
      slices().matching("org.kmodwatch.(sensor.*)").should().beFreeOfCycles();
}
