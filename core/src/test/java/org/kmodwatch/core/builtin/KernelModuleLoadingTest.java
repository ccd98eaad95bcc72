package org.kmodwatch.core.builtin;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.kmodwatch.core.event.Argument;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.core.signature.EventSelector;
import org.kmodwatch.core.signature.SignatureMetadata;
import org.kmodwatch.core.signature.Verdict;
import org.kmodwatch.core.testing.EventBuilder;

@NullMarked
class KernelModuleLoadingTest {

  private static final String FINDING = "finding";
  private static final String NOTHING = "nothing";

  @Test
  void metadata_isAsSpecified() {
    SignatureMetadata metadata = new KernelModuleLoading().metadata();
    assertThat(metadata.id()).isEqualTo("TRC-1017");
    assertThat(metadata.version()).isEqualTo("1");
    assertThat(metadata.name()).isEqualTo("Kernel module loading detected");
    assertThat(metadata.eventName()).isEqualTo("kernel_module_loading");
    assertThat(metadata.description())
        .isEqualTo(
            "Loading of a kernel module was detected. Kernel modules are meant for execution in"
                + " the kernel environment. Adversaries might load such modules to enhance their"
                + " functionalities and to elude detection by operating directly within the"
                + " kernel, sidestepping user space.");
    assertThat(metadata.tags()).isNull();
    assertThat(List.copyOf(metadata.properties().entrySet()))
        .containsExactly(
            Map.entry("Severity", new Value.Num("2")),
            Map.entry("Category", Value.of("persistence")),
            Map.entry("Technique", Value.of("Kernel Modules and Extensions")),
            Map.entry("Kubernetes_Technique", Value.of("N/A")),
            Map.entry("id", Value.of("attack-pattern--a1b52199-c8c5-438a-9ded-656f1d0888c6")),
            Map.entry("external_id", Value.of("T1547.006")));
  }

  @Test
  void selectedEvents_areTwo_ofAnyOrigin() {
    assertThat(new KernelModuleLoading().selectedEvents())
        .containsExactly(
            new EventSelector("tracee", "init_module", "*"),
            new EventSelector("tracee", "security_kernel_read_file", "*"));
  }

  static Stream<Arguments> types() {
    return Stream.of(
        Arguments.of(Value.of("kernel-module"), FINDING),
        Arguments.of(Value.of("kernel-module-compressed"), FINDING),
        Arguments.of(Value.of(2), FINDING),
        Arguments.of(new Value.Num("2.0"), FINDING),
        Arguments.of(Value.of("firmware"), NOTHING),
        Arguments.of(Value.of("kexec-image"), NOTHING),
        Arguments.of(Value.of("kexec-initramfs"), NOTHING),
        Arguments.of(Value.of("security-policy"), NOTHING),
        Arguments.of(Value.of("x509-certificate"), NOTHING),
        Arguments.of(Value.of("unknown"), NOTHING),
        Arguments.of(Value.of(0), NOTHING),
        Arguments.of(Value.of(1), NOTHING),
        Arguments.of(Value.of(3), NOTHING),
        Arguments.of(Value.of(6), NOTHING),
        Arguments.of(
            Value.of(7),
            "argument type is a number that is a compressed module from Linux 6.19 on, and a"
                + " certificate before 5.10: type=unknown(7)"),
        Arguments.of(Value.of(8), "argument type is a number that no kernel has: type=unknown(8)"),
        Arguments.of(
            Value.of(-1), "argument type is a number that no kernel has: type=unknown(-1)"),
        Arguments.of(
            new Value.Num("2.5"),
            "argument type is a number that no kernel has: type=unknown(2.5)"),
        Arguments.of(
            Value.ofUnsigned(-1),
            "argument type is a number that no kernel has: type=unknown(18446744073709551615)"),
        Arguments.of(
            Value.of("unknown(9)"), "argument type is a word that no kernel has: type=unknown(9)"),
        Arguments.of(Value.of("2"), "argument type is a word that no kernel has: type=2"),
        Arguments.of(
            Value.of("Kernel-Module"),
            "argument type is a word that no kernel has: type=Kernel-Module"),
        Arguments.of(Value.of(""), "argument type is a word that no kernel has: type="),
        Arguments.of(Value.NULL, "argument type is null"),
        Arguments.of(
            Value.of(true),
            "argument type is neither a word nor a number but the truth value true"),
        Arguments.of(
            new Value.Array(List.of()), "argument type is neither a word nor a number but a list"),
        Arguments.of(
            new Value.Obj(Map.of()), "argument type is neither a word nor a number but an object"));
  }

  @ParameterizedTest
  @MethodSource("types")
  void onEvent_judgesByType_whenAFileIsRead(Value type, String expected) {
    assertThat(judge(EventBuilder.readFile(type))).containsExactly(expected);
  }

  @Test
  void onEvent_reportsMalformed_whenTypeIsMissing() {
    assertThat(judge(EventBuilder.named("security_kernel_read_file", List.of())))
        .containsExactly("argument type is missing");
    assertThat(judge(EventBuilder.named("security_kernel_read_file", null)))
        .containsExactly("argument type is missing");
  }

  @Test
  void onEvent_raises_whenInitModuleHasArgumentsOrNot() {
    assertThat(judge(EventBuilder.named("init_module", null))).containsExactly(FINDING);
    assertThat(judge(EventBuilder.named("init_module", List.of()))).containsExactly(FINDING);
    assertThat(
            judge(
                EventBuilder.named(
                    "init_module", List.of(new Argument("len", "u64", Value.ofUnsigned(-1))))))
        .containsExactly(FINDING);
  }

  @Test
  void onEvent_saysNothing_whenTheEventIsAnother() {
    assertThat(judge(EventBuilder.named("finit_module", null))).containsExactly(NOTHING);
    assertThat(judge(EventBuilder.named("module_load", null))).containsExactly(NOTHING);
  }

  private static List<String> judge(Event event) {
    var said = new ArrayList<String>();
    new KernelModuleLoading()
        .onEvent(
            event,
            new Verdict() {
              @Override
              public void raise(@Nullable Value data) {
                said.add(data == null ? FINDING : "finding with data");
              }

              @Override
              public void malformed(String reason) {
                said.add(reason);
              }
            });
    return said.isEmpty() ? List.of(NOTHING) : said;
  }
}
