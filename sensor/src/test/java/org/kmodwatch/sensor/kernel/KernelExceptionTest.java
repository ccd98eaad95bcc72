package org.kmodwatch.sensor.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class KernelExceptionTest {

  private static final int LAST_ERRNO = 133;

  @Test
  void message_namesTheRemedy_whenMemoryOrDescriptorsAreShort() {
    assertThat(new KernelException("the ring cannot be mapped", 12))
        .hasMessage(
            "the ring cannot be mapped: Cannot allocate memory (errno=12); free memory, or raise"
                + " the limit of the control group (MemoryMax= of the service)");
    assertThat(new KernelException("no event descriptor", 24))
        .hasMessage(
            "no event descriptor: Too many open files (errno=24); raise the limit of open files"
                + " (ulimit -n, LimitNOFILE= of the service)");
    assertThat(new KernelException("no event descriptor", 23))
        .hasMessage(
            "no event descriptor: Too many open files in system (errno=23); raise the machine's"
                + " limit of open files (sysctl fs.file-max)");
    assertThat(new KernelException("cannot be pinned: /p", 1))
        .hasMessage("cannot be pinned: /p: Operation not permitted (errno=1)");
  }

  @Test
  void mayPass_isTrue_forWhatComesAndGoes() {
    assertThat(
            IntStream.rangeClosed(0, LAST_ERRNO)
                .filter(errno -> new KernelException("it failed", errno).mayPass()))
        .as("EINTR EIO EAGAIN ENOMEM EBUSY ENFILE EMFILE ENOSPC EROFS ENOBUFS EDQUOT")
        .containsExactly(4, 5, 11, 12, 16, 23, 24, 28, 30, 105, 122);
  }
}
