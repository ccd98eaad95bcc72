package org.kmodwatch.core.load;

import static org.assertj.core.api.Assertions.assertThat;

import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.kmodwatch.core.event.Errno;

/**
 * Tests the reasons of failures. Each row has the known facts of an attempt, and the expected
 * reason.
 */
@NullMarked
final class ReasonsTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          FINIT  | ENODEV       | INIT   | 0   | failed  | the module's init function ran and returned ENODEV
          FINIT  | EACCES       | COMING | 0   | failed  | setting its parameters failed with EACCES
          INIT   | ENOEXEC      | ENTRY  | 0   | failed  | too short
          INIT   | EFAULT       | TAKING | 0   | failed  | the module is not in memory
          INIT   | EFAULT       | TAKEN  | 0   | failed  | the parameters are not in memory
          FINIT  | EFAULT       | TAKEN  | 0   | failed  | the parameters are not in memory
          INIT   | ENOMEM       | TAKING | 0   | failed  | no memory
          FINIT  | EINVAL       | ENTRY  | 128 | failed  | does not know the flags 0x80
          FINIT  | EINVAL       | ENTRY  | 0   | failed  | no plain file, or is empty
          FINIT  | EINVAL       | ENTRY  | 4   | failed  | does not know compressed modules
          FINIT  | EBADF        | ENTRY  | 0   | failed  | closed, or not open for reading
          FINIT  | ETXTBSY      | ENTRY  | 0   | failed  | open for writing
          FINIT  | EFBIG        | ENTRY  | 0   | failed  | too large
          FINIT  | EINTR        | ENTRY  | 0   | failed  | a signal
          FINIT  | EIO          | TAKING | 0   | failed  | could not be read
          FINIT  | EOPNOTSUPP   | TAKEN  | 4   | failed  | cannot decompress
          FINIT  | EINVAL       | TAKEN  | 4   | failed  | compressed file is damaged
          FINIT  | EINVAL       | TAKEN  | 0   | failed  | malformed
          FINIT  | EKEYREJECTED | TAKEN  | 0   | refused | signature
          FINIT  | EBADMSG      | TAKEN  | 0   | refused | signature is damaged
          FINIT  | ENOPKG       | TAKEN  | 0   | refused | algorithm
          FINIT  | ENOKEY       | TAKEN  | 0   | refused | no key
          FINIT  | EKEYEXPIRED  | TAKEN  | 0   | refused | expired
          FINIT  | EKEYREVOKED  | TAKEN  | 0   | refused | revoked
          FINIT  | EPERM        | TAKEN  | 0   | refused | locked down and the module has no valid signature, or module_blacklist forbids it; which is not known
          FINIT  | ENOEXEC      | TAKEN  | 0   | failed  | no module for this kernel
          FINIT  | EEXIST       | TAKEN  | 0   | failed  | already loaded
          FINIT  | EBUSY        | TAKEN  | 0   | failed  | just being loaded
          FINIT  | ENOENT       | TAKEN  | 0   | failed  | needs a symbol
          FINIT  | ENOSYS       | ENTRY  | 0   | failed  | cannot load modules
          FINIT  | EXDEV        | TAKEN  | 0   | failed  | the kernel answered EXDEV
          FINIT  | EACCES       | TAKEN  | 0   | refused | the kernel refused it with EACCES
          DELETE | ENOENT       | ENTRY  | 0   | failed  | no module of that name
          DELETE | EAGAIN       | ENTRY  | 0   | failed  | in use
          DELETE | EBUSY        | ENTRY  | 0   | failed  | no exit function
          DELETE | EFAULT       | ENTRY  | 0   | failed  | the name is not in memory
          DELETE | EINTR        | ENTRY  | 0   | failed  | a signal
          DELETE | EPERM        | ENTRY  | 0   | refused | modules_disabled
          FINIT  | EPERM        | ENTRY  | 0   | refused | switched off until the next boot
          """)
  void row(
      Reasons.Call call,
      Errno errno,
      Reasons.Stage stage,
      long flags,
      String outcome,
      String words) {
    var facts =
        new Reasons.Facts(
            call,
            -errno.number(),
            stage,
            flags,
            true,
            true,
            null,
            false,
            null,
            null,
            null,
            false,
            false,
            false);

    Reasons.Verdict verdict = Reasons.of(facts);

    assertThat(verdict.outcome()).hasToString(outcome.toUpperCase(java.util.Locale.ROOT));
    assertThat(verdict.reason()).contains(words);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      nullValues = "?",
      textBlock =
          """
          ENTRY | false | true  | ?                         | ?  | false | EPERM   | lacks the capability
          ENTRY | true  | false | ?                         | ?  | false | EPERM   | user namespace of its own
          ENTRY | ?     | ?     | ?                         | ?  | false | EPERM   | no capability CAP_SYS_MODULE, or
          TAKEN | true  | true  | ?                         | -1 | false | EPERM   | locked down
          TAKEN | true  | true  | ?                         | 0  | false | EPERM   | module_blacklist
          TAKEN | true  | true  | ?                         | 0  | true  | ENOEXEC | built for another kernel
          TAKING| true  | true  | security_kernel_read_file | ?  | false | EACCES  | a security module said no
          """)
  void rowThatNeedsMore(
      Reasons.Stage stage,
      @org.jspecify.annotations.Nullable Boolean capable,
      @org.jspecify.annotations.Nullable Boolean initialNamespace,
      @org.jspecify.annotations.Nullable String hook,
      @org.jspecify.annotations.Nullable Long lockdown,
      boolean nameKnown,
      Errno errno,
      String words) {
    var facts =
        new Reasons.Facts(
            Reasons.Call.FINIT,
            -errno.number(),
            stage,
            0,
            capable,
            initialNamespace,
            hook,
            lockdown != null,
            lockdown,
            null,
            null,
            nameKnown,
            false,
            false);

    assertThat(Reasons.of(facts).reason()).contains(words);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      nullValues = "?",
      textBlock =
          """
          EKEYREJECTED | -129 | unsigned    | refused | the module has no signature, and the kernel demands one
          EKEYREJECTED | -129 | invalid     | refused | the signature does not fit the module, or is of a form or by a key that kernels refuse
          EKEYREJECTED | -129 | unknown key | refused | the kernel does not have the signature's key, or the signature does not fit the module or is of a form that kernels refuse
          EKEYREJECTED | ?    | ?           | refused | the signature is missing, the kernel does not have its key, or it is wrong; which is not known
          EINVAL       | -22  | invalid     | refused | the signature is malformed, or not made by the key that it names
          EINVAL       | 0    | valid       | failed  | it is malformed, or its parameters are too long
          EINVAL       | ?    | ?           | failed  | it or its signature is malformed, or its parameters are too long; which is not known
          ENOENT       | -2   | invalid     | failed  | the kernel lacks an algorithm that the module's signature needs
          ENOENT       | 0    | unsigned    | failed  | it needs a symbol that no loaded module and not the kernel has
          ENOENT       | ?    | ?           | failed  | it needs a symbol that no loaded module and not the kernel has, or its signature an algorithm that the kernel lacks; which is not known
          EOVERFLOW    | -75  | invalid     | failed  | the check of the signature ended with EOVERFLOW (Value too large for defined data type)
          ENOMEM       | -12  | unsigned    | failed  | the kernel had no memory for it
          """)
  void signature_isTheReason_onlyWhereItsCheckReturnedTheError(
      Errno errno,
      @org.jspecify.annotations.Nullable Long checked,
      @org.jspecify.annotations.Nullable String status,
      String outcome,
      String words) {
    var facts =
        new Reasons.Facts(
            Reasons.Call.FINIT,
            -errno.number(),
            Reasons.Stage.TAKEN,
            0,
            true,
            true,
            null,
            checked != null && checked < 0,
            null,
            checked,
            status,
            false,
            false,
            false);

    Reasons.Verdict verdict = Reasons.of(facts);

    assertThat(verdict.outcome()).hasToString(outcome.toUpperCase(java.util.Locale.ROOT));
    assertThat(verdict.reason()).isEqualTo(words);
  }
}
