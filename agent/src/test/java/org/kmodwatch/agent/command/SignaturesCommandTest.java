package org.kmodwatch.agent.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.kmodwatch.agent.Cli;

class SignaturesCommandTest {

  @Test
  void list_isOneRowEach() {
    List<String> lines = new Cli().run("signatures").outLines();
    assertThat(lines).hasSize(15);
    assertThat(lines.getFirst()).matches("ID +VERSION +NAME +SEVERITY +TECHNIQUE +EVENTS");
    assertThat(lines.get(1))
        .matches("KMW-1001 +1 +Kernel module loaded from memory only +3 +T1547.006 +kernel_module");
    assertThat(lines.getLast())
        .matches(
            "TRC-1017 +1 +Kernel module loading detected +2 +T1547.006 +init_module,"
                + " security_kernel_read_file");
  }

  @Test
  void one_isShownInFull() {
    Cli.Result result = new Cli().run("signatures", "TRC-1017");
    assertThat(result.status()).isZero();
    assertThat(result.outLines())
        .contains(
            "ID                    TRC-1017",
            "EventName             kernel_module_loading",
            "Tags                  none",
            "external_id           T1547.006");
  }

  @Test
  void json_hasTheKeysOfSigMetadata() {
    assertThat(new Cli().run("signatures", "TRC-1017", "-o", "json").out())
        .startsWith("{\n  \"ID\" : \"TRC-1017\",\n  \"Version\" : \"1\",\n")
        .contains("\"Severity\" : 2,", "\"Tags\" : null,", "\"Name\" : \"init_module\",");
  }

  @Test
  void unknownId_isWrongUsage_andTheKnownOnesAreNamed() {
    Cli.Result result = new Cli().run("signatures", "TRC-1");
    assertThat(result.status()).isEqualTo(64);
    assertThat(result.err())
        .isEqualTo(
            "kmodwatch: no such signature: TRC-1 (there are KMW-1001, KMW-1002, KMW-1003, KMW-1004,"
                + " KMW-1005, KMW-1006, KMW-1007, KMW-1008, KMW-1009, KMW-1010, KMW-1011, KMW-1012,"
                + " KMW-1013, TRC-1017)\n");
  }
}
