package org.kmodwatch.history;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.GeneralCodingRules;
import org.jspecify.annotations.NullMarked;

@NullMarked
@AnalyzeClasses(
    packages = "org.kmodwatch.history",
    importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

  @ArchTest
  static final ArchRule HISTORY_NEEDS_CORE_AND_SQLITE_ALONE =
      classes()
          .should()
          .onlyDependOnClassesThat()
          .resideInAnyPackage(
              "java..",
              "org.kmodwatch.history..",
              "org.kmodwatch.core..",
              "org.jspecify.annotations..",
              "org.sqlite..");

  @ArchTest
  static final ArchRule STORE_KNOWS_NO_RECORD =
      noClasses()
          .that()
          .resideInAPackage("..history.store..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("org.kmodwatch.core..", "org.kmodwatch.history");

  @ArchTest
  static final ArchRule NO_STANDARD_STREAMS =
      GeneralCodingRules.NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS;
}
