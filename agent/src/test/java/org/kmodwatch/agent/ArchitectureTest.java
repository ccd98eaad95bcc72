package org.kmodwatch.agent;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.io.FileDescriptor;
import java.util.List;
import java.util.stream.IntStream;
import org.kmodwatch.agent.output.Output;

@AnalyzeClasses(
    packages = "org.kmodwatch.agent",
    importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

  private static final String AGENT = "org.kmodwatch.agent";

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
  static final ArchRule onlySpoolsUseDatabases =
      noClasses()
          .that()
          .resideOutsideOfPackage("org.kmodwatch.agent.sink")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("java.sql..", "org.sqlite..");

  /** ADR 0025: both move into a module of their own once the fleet needs them. */
  @ArchTest
  static final ArchRule policyAndConfig_useNothingElseOfTheAgent =
      noClasses()
          .that()
          .resideInAnyPackage("..agent.policy..", "..agent.config..")
          .should()
          .dependOnClassesThat(
              resideInAPackage("org.kmodwatch.agent..")
                  .and(not(resideInAnyPackage("..agent.policy..", "..agent.config.."))));

  @ArchTest
  static final ArchRule noCycles =
      slices().matching("org.kmodwatch.agent.(*)..").should().beFreeOfCycles();

  /**
   * The stages between read and output return their results: none of them takes something that it
   * could call back, neither a function nor an interface with a single method.
   */
  @ArchTest
  static void noStage_callsBack(JavaClasses classes) {
    List<String> callbacks =
        classes.stream()
            .filter(type -> inAgent(type).equals("pipeline"))
            .flatMap(type -> type.getCodeUnits().stream())
            .filter(unit -> !unit.getModifiers().contains(JavaModifier.PRIVATE))
            .filter(unit -> !unit.getModifiers().contains(JavaModifier.SYNTHETIC))
            .filter(
                unit -> unit.getRawParameterTypes().stream().anyMatch(ArchitectureTest::isCallback))
            .map(JavaCodeUnit::getFullName)
            .toList();
    assertThat(callbacks).isEmpty();
  }

  private static boolean isCallback(JavaClass type) {
    return type.isAssignableTo(Output.class) || (type.isInterface() && abstractMethods(type) == 1);
  }

  private static long abstractMethods(JavaClass type) {
    return type.getMethods().stream()
        .filter(method -> method.getModifiers().contains(JavaModifier.ABSTRACT))
        .count();
  }

  /** The packages by layer, the lowest first. A package uses those of lower layers only. */
  private static final List<List<String>> LAYERS =
      List.of(
          List.of("config", "container", "host", "source"),
          List.of("alert", "policy"),
          List.of("output"),
          List.of("doctor", "format", "identity", "shell", "status"),
          List.of("pipeline", "sink", "state"),
          List.of("settings"),
          List.of("replay", "watch"),
          List.of("command"),
          List.of(""),
          List.of("build"));

  @ArchTest
  static void everyPackage_hasALayer(JavaClasses classes) {
    assertThat(classes.stream().map(ArchitectureTest::inAgent).distinct())
        .containsExactlyInAnyOrderElementsOf(LAYERS.stream().flatMap(List::stream).toList());
  }

  @ArchTest
  static void noPackage_usesAnotherOfItsLayer_orOfOneAbove(JavaClasses classes) {
    List<String> upward =
        classes.stream()
            .flatMap(user -> user.getDirectDependenciesFromSelf().stream())
            .filter(use -> use.getTargetClass().getPackageName().startsWith(AGENT))
            .filter(use -> isUpward(inAgent(use.getOriginClass()), inAgent(use.getTargetClass())))
            .map(Dependency::getDescription)
            .toList();
    assertThat(upward).isEmpty();
  }

  private static boolean isUpward(String user, String used) {
    return !user.equals(used) && layer(used) >= layer(user);
  }

  private static int layer(String name) {
    return IntStream.range(0, LAYERS.size())
        .filter(layer -> LAYERS.get(layer).contains(name))
        .findFirst()
        .orElseThrow();
  }

  /** The package's name below the agent's own, empty for that one. */
  private static String inAgent(JavaClass type) {
    return type.getPackageName().substring(AGENT.length()).replaceFirst("^\\.", "");
  }
}
