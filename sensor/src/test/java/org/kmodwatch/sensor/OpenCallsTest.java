package org.kmodwatch.sensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

final class OpenCallsTest {

  private final OpenCalls calls = new OpenCalls();

  @Test
  void overdue_hasAnInitModuleOnce_whenItDoesNotReturnInTime() {
    calls.note(record(RecordLayout.INIT_MODULE, 10, 1000));
    calls.note(record(RecordLayout.INIT_MODULE, 10, 1000));

    assertThat(calls.overdue(1000 + OpenCalls.OVERDUE_NANOS - 1)).isEmpty();
    assertThat(calls.overdue(1000 + OpenCalls.OVERDUE_NANOS)).hasSize(1);
    assertThat(calls.overdue(1000 + 2 * OpenCalls.OVERDUE_NANOS)).isEmpty();
    assertThat(calls.takeAll()).isEmpty();
  }

  @Test
  void returned_isTrueOnlyForACallThatWasReportedBefore() {
    calls.note(record(RecordLayout.INIT_MODULE, 10, 1000));
    calls.note(record(RecordLayout.INIT_MODULE, 11, 1000));
    assertThat(calls.returned(record(RecordLayout.INIT_MODULE, 10, 1000))).isFalse();
    assertThat(calls.overdue(OpenCalls.OVERDUE_NANOS + 1000)).hasSize(1);

    assertThat(calls.returned(record(RecordLayout.INIT_MODULE, 11, 1000))).isTrue();
    assertThat(calls.returned(record(RecordLayout.INIT_MODULE, 11, 1000))).isFalse();
  }

  @Test
  void returned_doesNotTakeAnEarlierCallOfTheThreadForThisOne() {
    calls.note(record(RecordLayout.INIT_MODULE, 10, 1000));
    assertThat(calls.overdue(OpenCalls.OVERDUE_NANOS + 1000)).hasSize(1);

    assertThat(calls.returned(record(RecordLayout.INIT_MODULE, 10, 2000))).isFalse();
  }

  @Test
  void overdue_leavesFinitModuleAlone_whoseFindingComesFromTheFileRead() {
    calls.note(record(RecordLayout.FINIT_MODULE, 10, 1000));

    assertThat(calls.overdue(1000 + 2 * OpenCalls.OVERDUE_NANOS)).isEmpty();
    assertThat(calls.takeAll()).hasSize(1);
  }

  @Test
  void overdue_reportsTheOldestAtOnce_whenThereAreTooMany() {
    for (int tid = 1; tid <= OpenCalls.MAX + 3; tid++) {
      calls.note(record(RecordLayout.FINIT_MODULE, tid, 1000));
    }

    assertThat(calls.overdue(1001))
        .extracting(record -> record.getInt(record.position() + RecordLayout.HOST_TID))
        .containsExactly(1, 2, 3);
    assertThat(calls.takeAll()).hasSize(OpenCalls.MAX);
  }

  private static ByteBuffer record(int call, int hostTid, long since) {
    return RecordBuilder.of(RecordLayout.MODULE_LOAD, call)
        .int32(RecordLayout.HOST_TID, hostTid)
        .int64(RecordLayout.CALL_TIME_NANOS, since)
        .build();
  }
}
