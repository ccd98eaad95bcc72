package org.kmodwatch.core;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.GeneralCodingRules;
import java.time.Clock;
import java.time.Instant;
import org.jspecify.annotations.NullMarked;

@NullMarked
@AnalyzeClasses(
    packages = "org.kmodwatch.core",
    importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

  @ArchTest
  static final ArchRule CORE_DEPENDS_ON_LITTLE =
      classes()
          .should()
          .onlyDependOnClassesThat()
          .resideInAnyPackage(
              "java..",
              "org.kmodwatch.core..",
              "org.jspecify.annotations..",
              "tools.jackson.core..",
              "io.airlift.compress..");

  @ArchTest
  static final ArchRule EVENT_KNOWS_NO_OTHER =
      noClasses()
          .that()
          .resideInAPackage("..core.event..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "..core.signature..",
              "..core.builtin..",
              "..core.engine..",
              "..core.scan..",
              "..core.read..",
              "..core.write..",
              "..core.load..");

  @ArchTest
  static final ArchRule SIGNATURE_KNOWS_NEITHER_ENGINE_NOR_READERS =
      noClasses()
          .that()
          .resideInAnyPackage("..core.signature..", "..core.builtin..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "..core.engine..", "..core.scan..", "..core.read..", "..core.write..");

  @ArchTest
  static final ArchRule ENGINE_KNOWS_NO_READERS =
      noClasses()
          .that()
          .resideInAPackage("..core.engine..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "..core.scan..",
              "..core.read..",
              "..core.write..",
              "..core.builtin..",
              "tools.jackson..");

  @ArchTest
  static final ArchRule READERS_AND_WRITERS_KNOW_NO_ENGINE =
      noClasses()
          .that()
          .resideInAnyPackage("..core.scan..", "..core.read..", "..core.write..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("..core.engine..", "..core.builtin..");

  @ArchTest
  static final ArchRule SCAN_KNOWS_NO_FORM =
      noClasses()
          .that()
          .resideInAPackage("..core.scan..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("..core.event..", "..core.read..", "..core.write..");

  @ArchTest
  static final ArchRule READ_KNOWS_NO_WRITE =
      noClasses()
          .that()
          .resideInAPackage("..core.read..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("..core.write..");

  @ArchTest
  static final ArchRule WRITE_KNOWS_NO_READ =
      noClasses()
          .that()
          .resideInAPackage("..core.write..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("..core.scan..", "..core.read..");

  @ArchTest
  static final ArchRule LOAD_KNOWS_EVENTS_ALONE =
      noClasses()
          .that()
          .resideInAPackage("..core.load..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "..core.signature..",
              "..core.builtin..",
              "..core.engine..",
              "..core.scan..",
              "..core.read..",
              "..core.write..");

  @ArchTest
  static final ArchRule NO_CYCLES =
      slices().matching("org.kmodwatch.core.(*)..").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule NO_STANDARD_STREAMS =
      GeneralCodingRules.NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS;

  @ArchTest
  static final ArchRule NO_THREADS =
      noClasses()
          .should()
          .dependOnClassesThat()
          .areAssignableTo(Thread.class)
          .orShould()
          .dependOnClassesThat()
          .resideInAPackage("java.util.concurrent..");

  @ArchTest
  static final ArchRule NO_CLOCK =
      noClasses()
          .should()
          .callMethod(Instant.class, "now")
          .orShould()
          .callMethod(System.class, "currentTimeMillis")
          .orShould()
          .callMethod(System.class, "nanoTime")
          .orShould()
          .dependOnClassesThat()
          .areAssignableTo(Clock.class);
}
