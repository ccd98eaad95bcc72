package org.kmodwatch.agent;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SignaturesCommandTest {

  @Test
  void list_isOneRowEach() {
    assertThat(new Cli().run("signatures").out())
        .isEqualTo(
            """
            ID        VERSION  NAME                            SEVERITY  TECHNIQUE  EVENTS
            TRC-1017  1        Kernel module loading detected  2         T1547.006  init_module, security_kernel_read_file
            """);
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
    assertThat(result.err()).isEqualTo("kmodwatch: no such signature, there are TRC-1017: TRC-1\n");
  }
}
