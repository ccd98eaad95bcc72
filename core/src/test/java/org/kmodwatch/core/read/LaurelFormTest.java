package org.kmodwatch.core.read;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Set;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.SourceContext;
import org.kmodwatch.core.scan.ReadOptions;

@NullMarked
class LaurelFormTest {

  private static final ReadOptions WANTED =
      ReadOptions.of(Set.of("init_module", "finit_module", "security_kernel_read_file"));

  private static final String LINE =
      "{\"ID\":\"1785585600.123:4242\",\"SYSCALL\":{\"arch\":\"0xc000003e\",\"syscall\":313,\"success\":\"yes\",\"exit\":0,\"a0\":\"0x3\",\"a1\":\"0x55\",\"a2\":\"0x0\",\"a3\":\"0x3\",\"items\":0,\"ppid\":900,\"pid\":901,\"auid\":1000,\"uid\":0,\"gid\":0,\"euid\":0,\"tty\":\"(none)\",\"ses\":3,\"comm\":\"insmod\",\"exe\":\"/usr/bin/kmod\",\"key\":\"modules\"},\"KERN_MODULE\":[{\"name\":\"x\"}],\"PROCTITLE\":{\"ARGV\":[\"insmod\",\"/tmp/x.ko\"]}}\n";

  private static final String TEXT =
      """
      type=SYSCALL msg=audit(1785585600.123:4242): arch=c000003e syscall=313 success=yes exit=0 a0=3 a1=55 a2=0 a3=3 items=0 ppid=900 pid=901 auid=1000 uid=0 gid=0 euid=0 tty=(none) ses=3 comm="insmod" exe="/usr/bin/kmod" key="modules"
      type=KERN_MODULE msg=audit(1785585600.123:4242): name="x"
      type=PROCTITLE msg=audit(1785585600.123:4242): proctitle=696E736D6F64002F746D702F782E6B6F
      """;

  @Test
  void line_givesWhatTheLogGives() {
    Reading laurel = readAll(LINE);

    assertThat(laurel.events()).hasSize(2).isEqualTo(readAll(TEXT).events());
    assertThat(laurel.badLines()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        // Laurel's setting "universal", and "drop-raw" with it.
        "\"arch\":\"0xc000003e\",\"syscall\":313|\"arch\":\"0xc000003e\",\"syscall\":313,\"ARCH\":\"x86_64\",\"SYSCALL\":\"finit_module\"",
        "\"arch\":\"0xc000003e\",\"syscall\":313|\"ARCH\":\"x86_64\",\"SYSCALL\":\"finit_module\"",
        // Laurel before 0.5.
        "\"a0\":\"0x3\",\"a1\":\"0x55\",\"a2\":\"0x0\",\"a3\":\"0x3\"|\"ARGV\":[\"0x3\",\"0x55\",\"0x0\",\"0x3\"]",
        "[{\"name\":\"x\"}]|{\"name\":\"x\"}",
        "\"exe\":\"/usr/bin/kmod\"|\"exe\":\"/usr/bin/%6b%6d%6F%64\"",
      })
  void settingsAndVersions_makeNoDifference(String one, String other) {
    assertThat(LINE).contains(one);

    assertThat(readAll(LINE.replace(one, other)).events()).isEqualTo(readAll(TEXT).events());
  }

  @Test
  void parentAndContainer_areTakenWhereLaurelAddsThem() {
    String line =
        LINE.replace(
                "\"key\":\"modules\"",
                "\"key\":null,\"PPID\":{\"EVENT_ID\":\"1.0:1\",\"comm\":\"ba%20sh\",\"exe\":\"/bin/bash\","
                    + "\"ppid\":1}")
            .replace("\"PROCTITLE\"", "\"CONTAINER_INFO\":{\"ID\":\"0123abcd\"},\"PROCTITLE\"")
            .replace("{\"ID\":\"1785", "{\"NODE\":\"wren\",\"ID\":\"1785");
    Event call = readAll(line).events().getLast();
    SourceContext source = SourceContext.of(call).orElseThrow();

    assertThat(source.parentName()).isEqualTo("ba sh");
    assertThat(source.parentExecutable()).isEqualTo("/bin/bash");
    assertThat(call.container().id()).isEqualTo("0123abcd");
    assertThat(call.hostName()).isEqualTo("wren");
    assertThat(source.missing())
        .extracting(SourceContext.Missing::field)
        .doesNotContain("container", "host");
  }

  @Test
  void kernelsOwnCommandLine_isNotTakenForAnAutoload_whereTheParentHasAProgram() {
    String line =
        LINE.replace(
                "[\"insmod\",\"/tmp/x.ko\"]", "[\"/sbin/modprobe\",\"-q\",\"--\",\"net-pf-38\"]")
            .replace("\"key\":\"modules\"", "\"PPID\":{\"comm\":\"sh\",\"exe\":\"/bin/sh\"}");
    SourceContext source = SourceContext.of(readAll(line).events().getLast()).orElseThrow();

    assertThat(source.parentIsKernelThread()).isFalse();
    assertThat(source.missing())
        .extracting(SourceContext.Missing::field)
        .doesNotContain("route.autoload");
  }

  @Test
  void otherEvents_areNothing_andNoBadLine() {
    String execve =
        LINE.replace("\"syscall\":313", "\"syscall\":59").replaceAll("\"KERN_MODULE\":[^]]*],", "");
    String login = "{\"ID\":\"1.0:1\",\"USER_LOGIN\":[{\"op\":\"login\"}]}\n";
    for (ReadOptions options : new ReadOptions[] {WANTED, WANTED.withEveryLine()}) {
      Reading reading = Reading.joined(execve + login, options);

      assertThat(reading.events()).isEmpty();
      assertThat(reading.badLines()).isEmpty();
      assertThat(reading.statistics().otherLines()).isEqualTo(2);
    }
  }

  @ParameterizedTest
  @CsvSource({"176", "128", "350", "129", "105", "273", "106", "175", "313", "1073742137"})
  void line_isRead_whateverArchitectureTheNumberIsAModulesCallOn(String number) {
    byte[] line =
        LINE.replace("\"syscall\":313", "\"syscall\":" + number)
            .replaceAll("\"KERN_MODULE\":[^]]*],", "")
            .strip()
            .getBytes(StandardCharsets.UTF_8);

    assertThat(LaurelForm.isCertainlyOfNoUse(line, 0, line.length)).isFalse();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"syscall\":59,\"x\":{\"syscall\":313}",
        "\"syscall\":59,\"KERN_MODULE\":[]",
        "\"syscall\":59,\"SYSCALL\":\"finit_module\"",
        "\"syscall\":59,\"\\u0073yscall\":313",
        "\"syscall\":\"59\"",
        "\"syscall\": 59",
        "\"syscall\":59e0",
        "\"syscall\":",
      })
  void line_isRead_whereItMayBeOfUseAllTheSame(String field) {
    byte[] line =
        ("{\"ID\":\"1.0:1\",\"SYSCALL\":{" + field + "}}").getBytes(StandardCharsets.UTF_8);

    assertThat(LaurelForm.isCertainlyOfNoUse(line, 0, line.length)).isFalse();
  }

  @Test
  void line_isNotRead_whereItIsCertainlyOfNoUse() {
    byte[] line =
        "{\"ID\":\"1.0:1\",\"SYSCALL\":{\"syscall\":59}}".getBytes(StandardCharsets.UTF_8);

    assertThat(LaurelForm.isCertainlyOfNoUse(line, 0, line.length)).isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"pid\":901|\"pid\":\"x\"|pid is not a whole number from 1 to 2147483647 but \"x\"",
        "\"uid\":0,|\"uid\":null,|uid is missing",
        "\"SYSCALL\":{|\"SYSCALL\":[],\"X\":{|SYSCALL is not an object but a list",
        "[{\"name\":\"x\"}]|7|KERN_MODULE is not a list of objects but the number 7",
        "[\"insmod\",\"/tmp/x.ko\"]|[1]|PROCTITLE.ARGV[0] is not a string but the number 1",
      })
  void badLine_isTold(String one, String other, String reason) {
    assertThat(LINE).contains(one);

    assertThat(readAll(LINE.replace(one, other)).badLines()).containsExactly("rec:1: " + reason);
  }

  @Test
  void moduleWithoutACall_isTold() {
    assertThat(readAll("{\"ID\":\"1.0:1\",\"KERN_MODULE\":[{\"name\":\"x\"}]}").badLines())
        .containsExactly(
            "rec:1: KERN_MODULE without SYSCALL: what was done with the module is not known");
  }

  private static Reading readAll(String text) {
    return Reading.joined(text, ReadOptions.DEFAULT);
  }
}
