package org.kmodwatch.agent.format;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.kmodwatch.core.testing.EventBuilder.event;
import static org.kmodwatch.core.testing.LoadRecordBuilder.load;
import static org.kmodwatch.core.testing.LoadRecordBuilder.process;
import static org.kmodwatch.core.testing.LoadRecordBuilder.request;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.kmodwatch.agent.alert.Alert;
import org.kmodwatch.agent.output.Catalogue;
import org.kmodwatch.agent.output.Notice;
import org.kmodwatch.core.builtin.BuiltIn;
import org.kmodwatch.core.builtin.KernelModuleLoading;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.signature.Finding;
import org.kmodwatch.core.signature.Signature;
import org.kmodwatch.core.testing.FullRecord;

class FormatsTest {

  private static final LoadRecord REQUEST =
      request("net-pf-38", process("curl", 77, 65534)).build();

  private static final Catalogue CATALOGUE = Catalogue.of(BuiltIn.signatures());

  private static String write(FormatName format, Notice.Report notice) {
    return new String(
        format.open(CATALOGUE, "1.2", "wren").write(notice, "the-id").orElseThrow(), UTF_8);
  }

  private static Notice.Report alert(LoadRecord load, long count) {
    return new Notice.OfAlert(
        new Alert(
            load.id(),
            count > 1 ? Alert.Stage.SUMMARY : Alert.Stage.FIRST,
            new Alert.Subject.OfLoad(load),
            CATALOGUE.of(load),
            count,
            load.timeNanos(),
            load.timeNanos() + 5_000_000_000L));
  }

  /** Whatever can be told: nothing may be left out or made up so that a form is not valid. */
  private static Stream<Notice> notices() {
    LoadRecord odd =
        load("a|b=c\\d\n\"e\" \udcff")
            .from("/tmp/x\u001b[2J|=\n.ko", LoadRecord.Place.TEMPORARY, true)
            .by(process("in\nsm|od", 1, 4_294_967_294L))
            .findings("TRC-1017", "KMW-1003", "not-known")
            .build();
    return Stream.of(
        new Notice.OfLoad(FullRecord.full()),
        alert(FullRecord.full(), 1),
        alert(FullRecord.full(), 20),
        new Notice.OfLoad(load(null).by(null).notReturned().build()),
        alert(load(null).by(null).failed(null, null).build(), 1),
        new Notice.OfLoad(load("gone").unloaded().build()),
        new Notice.OfLoad(REQUEST),
        alert(REQUEST, 2),
        alert(load("mem").memory(9).refused().findings("TRC-1017").build(), 1),
        new Notice.OfLoad(odd),
        alert(odd, 3),
        new Notice.OfFinding(finding()));
  }

  private static Finding finding() {
    return new Finding(
        new KernelModuleLoading().metadata(),
        event("security_kernel_read_file").with("pathname", "/tmp/x.ko").build(),
        null);
  }

  private static Stream<Arguments> noticesBySchema() {
    return Stream.of(FormatName.ECS, FormatName.OCSF, FormatName.FALCO)
        .flatMap(format -> notices().map(notice -> Arguments.of(format, notice)));
  }

  @ParameterizedTest
  @MethodSource("noticesBySchema")
  void form_isValidByItsSchema(FormatName format, Notice.Report notice) {
    assertThat(ForeignReaders.faults(format, write(format, notice))).isEmpty();
  }

  @Test
  void requestThatCameToNothing_isInEveryFormatForLoads_withItsAliasAndWhoAsked() {
    for (FormatName format : FormatName.values()) {
      if (format.kinds().contains(Notice.Kind.LOAD)) {
        assertThat(write(format, new Notice.OfLoad(REQUEST)))
            .as(format.word())
            .contains("net-pf-38", "request", "65534", "curl");
      }
    }
    assertThat(write(FormatName.ECS, new Notice.OfLoad(REQUEST)))
        .contains("\"action\":\"requested-kernel-module\"", "\"type\":[\"info\"]")
        .contains("\"outcome\":\"failure\"", "\"process\":{\"pid\":77,\"name\":\"curl\"");
    assertThat(write(FormatName.OCSF, new Notice.OfLoad(REQUEST)))
        .contains("\"activity_id\":99,\"activity_name\":\"Request\",\"type_uid\":100299")
        .contains("\"actor\":{\"process\":{\"pid\":77");
    assertThat(write(FormatName.FALCO, new Notice.OfLoad(REQUEST)))
        .contains("\"proc.name\":\"curl\"", "\"kmod.action\":\"request\"")
        .doesNotContain("evt.type");
    assertThat(write(FormatName.CEF, new Notice.OfLoad(REQUEST)))
        .contains("|kernel-module-request|Kernel module request failed|")
        .contains(" sproc=curl spid=77 suid=65534 act=request outcome=failed ")
        .contains(" cs1=net-pf-38 cs1Label=alias ")
        .contains(
            " msg=kernel module net-pf-38 request failed, no load was seen for it within 60 s by"
                + " curl[77] uid 65534");
  }

  @Test
  void everyTechniqueThatASignatureNames_isInTheDataFile() {
    AttackMapping attack = AttackMapping.load();
    for (Signature signature : BuiltIn.signatures()) {
      assertThat(attack.of(List.of(signature.metadata())))
          .as(signature.metadata().id())
          .hasSize(1)
          .allMatch(technique -> !technique.tactics().isEmpty())
          .allMatch(technique -> !technique.id().contains(".") || technique.parent() != null);
    }
    assertThat(attack.version()).isEqualTo("18.1");
    assertThat(attack.technique("T1547.006").orElseThrow().tactics())
        .extracting(AttackMapping.Named::name)
        .containsExactly("Persistence", "Privilege Escalation");
  }

  @Test
  void cef_isReadBackByAParserThatIsNotOurs() throws Exception {
    String line = write(FormatName.CEF, alert(FullRecord.full(), 20));

    assertThat(line)
        .startsWith(
            "CEF:0|Kmodwatch|Kmodwatch|1.2|KMW-1003|Kernel module loaded from a temporary or home"
                + " directory|6|");
    assertThat(ForeignReaders.cefExtension(line))
        .containsEntry("act", "load")
        .containsEntry("outcome", "refused")
        .containsEntry("filePath", "/tmp/x.ko")
        .containsEntry("fileHash", "ab")
        .containsEntry("cnt", 20L)
        .containsEntry("cs1", "m")
        .containsEntry("cs1Label", "module")
        .containsEntry("sproc", "/usr/bin/kmod");
  }

  @Test
  void cef_isOneLine_andNoNameCanEndAValue() {
    LoadRecord odd =
        load("x act=unload")
            .from("/tmp/a=b\\c\nd\u001b\uffff\u202e|e.ko", LoadRecord.Place.TEMPORARY, false)
            .findings("TRC-1017")
            .build();

    assertThat(write(FormatName.CEF, alert(odd, 1)))
        .doesNotContain("\n", "\u001b", "\uffff", "\u202e")
        .contains(" filePath=/tmp/a\\=b\\\\c\\nd\\\\x1b\\\\xffff\\\\x202e|e.ko ")
        .contains(" cs1=x act\\=unload cs1Label=module ");
  }

  @Test
  void alert_isOurOwnObject_withTheWholeLoadInIt() {
    String line = write(FormatName.ALERTS, alert(load("m").findings("TRC-1017").build(), 20));

    assertThat(line)
        .startsWith(
            "{\"schema\":\"kmodwatch.alert/1\",\"id\":\"id-m\",\"stage\":\"summary\","
                + "\"first\":\"2026-11-22T20:00:00.123456789Z\","
                + "\"last\":\"2026-11-22T20:00:05.123456789Z\",\"count\":20,\"severity\":2,"
                + "\"signatures\":[{\"id\":\"TRC-1017\",\"name\":\"Kernel module loading"
                + " detected\",\"severity\":2}],\"load\":{\"schema\":\"kmodwatch.load/1\"")
        .endsWith("\"findings\":[\"TRC-1017\"],\"repeats\":1}}");
  }

  @Test
  void tracee_isTheFindingAsAnEventOfThePeers() {
    String line = write(FormatName.TRACEE, new Notice.OfFinding(finding()));

    assertThat(line)
        .contains("\"eventName\":\"kernel_module_loading\"")
        .contains("\"name\":\"detectedFrom\"", "\"name\":\"security_kernel_read_file\"")
        .contains("\"signatureID\":\"TRC-1017\"")
        .contains("\"signatureName\":\"Kernel module loading detected\"");
  }

  @Test
  void formatForOneKind_hasNothingForTheOthers() {
    Notice.Report load = new Notice.OfLoad(load("m").build());

    for (FormatName format : List.of(FormatName.JSON, FormatName.TRACEE, FormatName.ALERTS)) {
      assertThat(format.open(CATALOGUE, "1", null).write(load, "x")).isEmpty();
    }
    assertThat(FormatName.LOADS.open(CATALOGUE, "1", null).write(load, "x")).isPresent();
  }

  @Test
  void ecs_saysWhatElasticsOwnRulesLookFor() {
    assertThat(write(FormatName.ECS, new Notice.OfLoad(load("m").build())))
        .contains("\"category\":[\"driver\"]", "\"type\":[\"start\"]")
        .contains("\"action\":\"loaded-kernel-module\"", "\"outcome\":\"success\"")
        .contains("\"kind\":\"event\"");
    assertThat(write(FormatName.ECS, new Notice.OfLoad(load("m").unloaded().build())))
        .contains("\"type\":[\"end\"]", "\"action\":\"unloaded-kernel-module\"");
    assertThat(write(FormatName.ECS, alert(load("m").refused().build(), 1)))
        .contains("\"type\":[\"info\"]", "\"outcome\":\"failure\"", "\"kind\":\"alert\"");
  }

  @Test
  void severity_isThatOfTheMostSevereFinding() {
    Notice.Report notice = new Notice.OfLoad(load("m").findings("TRC-1017", "KMW-1001").build());

    assertThat(CATALOGUE.severityOf(notice)).isEqualTo(3);
    assertThat(write(FormatName.OCSF, notice)).contains("\"severity_id\":4,\"severity\":\"High\"");
    assertThat(write(FormatName.FALCO, notice)).contains("\"priority\":\"Critical\"");
  }

  @Test
  void value_ofAnUnpairedSurrogate_isAnEscape() {
    assertThat(write(FormatName.FALCO, new Notice.OfLoad(load("a\udcff").build())))
        .contains("\"kmod.name\":\"a\\udcff\"");
  }
}
