package org.kmodwatch.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The run of {@code cases.sh} under a kernel: one boot, shared by the tests that look at it from
 * different sides.
 */
final class CasesRun {

  private static final List<String> MODULES =
      List.of(
          "kw_plain",
          "kw_params",
          "kw_unresolved",
          "kw_initfail",
          "kw_paramrefuse",
          "kw_slow",
          "kw_oops",
          "kw_a_name_of_fifty_five_characters_which_is_the_longest");

  private static final Map<String, GuestRecord> RUNS = new HashMap<>();

  private CasesRun() {}

  static synchronized GuestRecord of(String kernel) throws IOException {
    GuestRecord known = RUNS.get(kernel);
    if (known != null) {
      return known;
    }
    LabRun run = LabRun.of(kernel, Resources.text("cases.sh"));
    for (String module : MODULES) {
      run = run.withFile(Lab.testModule(kernel, module));
    }
    LabResult result = Lab.run(run);
    assertThat(result.exitStatus()).isZero();
    GuestRecord record = GuestRecord.of(result);
    RUNS.put(kernel, record);
    return record;
  }
}
