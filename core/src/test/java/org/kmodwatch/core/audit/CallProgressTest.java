package org.kmodwatch.core.audit;

import static org.assertj.core.api.Assertions.assertThat;

import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.kmodwatch.core.event.Errno;

@NullMarked
class CallProgressTest {

  /** Tests the order of the checks in kernel/module/main.c and fs/kernel_read_file.c. */
  @ParameterizedTest
  @CsvSource({
    "EPERM,false",
    "EINVAL,false",
    "EBADF,false",
    "EINTR,false",
    "ETXTBSY,false",
    "EFBIG,false",
    "ENOSYS,false",
    "EACCES,true",
    "ENOMEM,true",
    "EIO,true",
    "EOPNOTSUPP,true",
    "EKEYREJECTED,true",
    "EBADMSG,true",
    "ENOPKG,true",
    "ENOKEY,true",
    "ENOEXEC,true",
    "EEXIST,true",
    "EBUSY,true",
    "ENOENT,true",
    "EFAULT,true",
    "ENODEV,true",
  })
  void finitModule_hadReadTheFile_byItsError(Errno errno, boolean read) {
    assertThat(CallProgress.imageTaken("finit_module", (long) -errno.number(), null))
        .isEqualTo(read);
  }

  @ParameterizedTest
  @CsvSource({
    "EPERM,5000,false",
    "EACCES,5000,false",
    "ENOMEM,5000,false",
    "EFAULT,5000,false",
    "ENOEXEC,63,false",
    "ENOEXEC,64,true",
    "EINVAL,5000,true",
    "EKEYREJECTED,5000,true",
    "EEXIST,5000,true",
    "ENODEV,5000,true",
  })
  void initModule_hadTheBytes_byItsError(Errno errno, long length, boolean taken) {
    assertThat(CallProgress.imageTaken("init_module", (long) -errno.number(), length))
        .isEqualTo(taken);
  }

  @Test
  void success_hadThem_andNoResultClaimsNothing() {
    assertThat(CallProgress.imageTaken("finit_module", 0L, null)).isTrue();
    assertThat(CallProgress.imageTaken("finit_module", null, null)).isFalse();
    assertThat(CallProgress.imageTaken("delete_module", 0L, null)).isFalse();
  }

  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      value = {"0,x,false", "-19,x,true", "-19,-,false", "-17,x,false", "-,x,true", "-4095,x,true"})
  void codeMayHaveRun_onlyOfAModuleWithAName(
      @Nullable Long returned, @Nullable String name, boolean may) {
    assertThat(CallProgress.codeMayHaveRun(returned, name)).isEqualTo(may);
  }
}
