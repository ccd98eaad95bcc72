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
  void overdue_hasAFinitModuleToo_andLeavesAnUnloadAlone() {
    calls.note(record(RecordLayout.FINIT_MODULE, 10, 1000));
    calls.note(record(RecordLayout.DELETE_MODULE, 11, 1000));

    assertThat(calls.overdue(1000 + OpenCalls.OVERDUE_NANOS))
        .extracting(record -> record.getInt(record.position() + RecordLayout.CALL))
        .containsExactly(RecordLayout.FINIT_MODULE);
    assertThat(calls.overdue(1000 + 2 * OpenCalls.OVERDUE_NANOS)).isEmpty();
    assertThat(calls.takeAll()).hasSize(1);
    assertThat(calls.bytes()).isZero();
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

  @Test
  void overdue_reportsAnyCallOnce_afterFifteenMinutes() {
    calls.note(record(RecordLayout.DELETE_MODULE, 10, 1000));

    assertThat(calls.overdue(1000 + OpenCalls.LIMIT_NANOS - 1)).isEmpty();
    assertThat(calls.overdue(1000 + OpenCalls.LIMIT_NANOS)).hasSize(1);
    assertThat(calls.bytes()).isZero();
    assertThat(calls.overdue(1000 + 2 * OpenCalls.LIMIT_NANOS)).isEmpty();
    assertThat(calls.returned(record(RecordLayout.DELETE_MODULE, 10, 1000))).isTrue();
  }

  @Test
  void callsOfDeadThreads_areReportedAndForgotten() {
    for (int tid = 1; tid <= 560; tid++) {
      calls.note(record(RecordLayout.FINIT_MODULE, tid, 1000));
    }
    long now = 1000 + OpenCalls.OVERDUE_NANOS;
    assertThat(calls.ofTheDead(now - 1, now, tid -> true)).isEmpty();

    int reported = 0;
    for (int look = 0; look < 11; look++) {
      reported += calls.ofTheDead(now + look, now + look, tid -> tid > 1).size();
    }

    assertThat(reported).isEqualTo(559);
    assertThat(calls.bytes()).isEqualTo(record(RecordLayout.FINIT_MODULE, 1, 1000).remaining());
    assertThat(calls.takeAll()).hasSize(1);
  }

  @Test
  void deadThreadsCall_isNotReported_whileItsReturnMayBeInTheRing() {
    calls.note(record(RecordLayout.FINIT_MODULE, 1, 1000));
    calls.note(record(RecordLayout.FINIT_MODULE, 2, 1000));
    long now = 1000 + OpenCalls.OVERDUE_NANOS;

    assertThat(calls.ofTheDead(now, now - 1, tid -> true)).isEmpty();
    assertThat(calls.ofTheDead(now + 5, now - 1, tid -> true)).isEmpty();
    assertThat(calls.returned(record(RecordLayout.FINIT_MODULE, 1, 1000))).isFalse();

    assertThat(calls.ofTheDead(now + 9, now, tid -> false)).hasSize(1);
    assertThat(calls.takeAll()).isEmpty();
  }

  @Test
  void whatWasReported_keepsNoRecord_untilItReturns() {
    for (int tid = 1; tid <= 560; tid++) {
      calls.note(record(RecordLayout.INIT_MODULE, tid, 1000));
    }
    assertThat(calls.bytes()).isPositive();

    assertThat(calls.overdue(1000 + OpenCalls.OVERDUE_NANOS)).hasSize(560);
    calls.note(record(RecordLayout.INIT_MODULE, 7, 1000));

    assertThat(calls.bytes()).isZero();
    assertThat(calls.returned(record(RecordLayout.INIT_MODULE, 7, 1000))).isTrue();
  }

  @Test
  void overdue_reportsTheOldestAtOnce_whenTheirRecordsAreTooLarge() {
    var large = new byte[12_288];
    int fit = OpenCalls.MAX_BYTES / (RecordLayout.DATA + large.length);
    for (int tid = 1; tid <= fit + 2; tid++) {
      calls.note(
          RecordBuilder.of(RecordLayout.MODULE_COMING, RecordLayout.FINIT_MODULE)
              .int32(RecordLayout.HOST_TID, tid)
              .int64(RecordLayout.CALL_TIME_NANOS, 1000)
              .bytes(RecordLayout.EXE, large)
              .build());
    }

    assertThat(calls.overdue(1001))
        .extracting(record -> record.getInt(record.position() + RecordLayout.HOST_TID))
        .startsWith(1, 2);
    assertThat(calls.bytes()).isLessThanOrEqualTo(OpenCalls.MAX_BYTES);
  }

  @Test
  void callWhoseReturnDidNotComeThrough_isReported_whenItsThreadMakesAnother() {
    calls.note(record(RecordLayout.FINIT_MODULE, 10, 1000));
    calls.note(record(RecordLayout.FINIT_MODULE, 10, 2000));

    assertThat(calls.overdue(2001))
        .extracting(record -> record.getLong(record.position() + RecordLayout.CALL_TIME_NANOS))
        .containsExactly(1000L);
  }

  @Test
  void callWithinAnother_leavesThatOneOpen() {
    ByteBuffer inner =
        RecordBuilder.of(RecordLayout.MODULE_LOAD, RecordLayout.INIT_MODULE)
            .int32(RecordLayout.HOST_TID, 10)
            .int32(RecordLayout.FLAGS, RecordLayout.FLAG_NESTED)
            .int64(RecordLayout.CALL_TIME_NANOS, 2000)
            .build();
    calls.note(record(RecordLayout.FINIT_MODULE, 10, 1000));
    calls.note(inner);

    assertThat(calls.overdue(2001)).isEmpty();
    assertThat(calls.returned(inner)).isFalse();
    assertThat(calls.overdue(1000 + OpenCalls.OVERDUE_NANOS))
        .extracting(record -> record.getLong(record.position() + RecordLayout.CALL_TIME_NANOS))
        .containsExactly(1000L);
  }

  private static ByteBuffer record(int call, int hostTid, long since) {
    return RecordBuilder.of(RecordLayout.MODULE_LOAD, call)
        .int32(RecordLayout.HOST_TID, hostTid)
        .int64(RecordLayout.CALL_TIME_NANOS, since)
        .build();
  }
}
