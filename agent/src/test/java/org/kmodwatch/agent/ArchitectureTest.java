package org.kmodwatch.agent;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.io.FileDescriptor;

@AnalyzeClasses(
    packages = "org.kmodwatch.agent",
    importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

  @ArchTest
  static final ArchRule noSystemOut =
      noClasses()
          .should()
          .accessField(System.class, "out")
          .orShould()
          .accessField(System.class, "err")
          .because("Shell has the streams, and sees when they fail");

  @ArchTest
  static final ArchRule onlyShellOpensTheStreams =
      noClasses()
          .that()
          .doNotHaveFullyQualifiedName("org.kmodwatch.agent.shell.Shell")
          .should()
          .dependOnClassesThat()
          .areAssignableTo(FileDescriptor.class);

  @ArchTest
  static final ArchRule noNativeMemory =
      noClasses().should().dependOnClassesThat().resideInAPackage("java.lang.foreign..");

  @ArchTest
  static final ArchRule onlyStoresUseDatabases =
      noClasses()
          .that()
          .resideOutsideOfPackages(
              "org.kmodwatch.agent.store",
              "org.kmodwatch.agent.sink",
              "org.kmodwatch.agent.history")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("java.sql..", "org.sqlite..");

  @ArchTest
  static final ArchRule noCycles =
      slices().matching("org.kmodwatch.agent.(*)..").should().beFreeOfCycles();
}
