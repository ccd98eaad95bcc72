package org.kmodwatch.core.audit;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One record of an audit event, of a type that gives information on a module load. */
public sealed interface AuditRecord {

  /** Returns the identity of the event that the record belongs to. */
  AuditId id();

  /**
   * SYSCALL: a module system call, or one that may be.
   *
   * @param name {@code init_module}, {@code finit_module} or {@code delete_module}; null if the
   *     architecture is unknown, because then the number does not identify the call
   * @param unknown architecture and number of a call without a name, for a message; empty otherwise
   * @param compat whether the call came through a 32-bit table of a 64-bit kernel
   * @param exit the return value; null if the process ended inside the call
   * @param arguments the first four arguments, each unsigned 64-bit; null where the record lacks
   *     one
   * @param processId process id on the host
   * @param parentId process id of the parent on the host; null if the record lacks it
   * @param userId real user id, unsigned 32-bit
   * @param effectiveUserId effective user id, unsigned 32-bit; null if the record lacks it
   * @param loginUserId the user who logged in, unsigned 32-bit; 4294967295 without a login
   * @param sessionId the session, unsigned 32-bit; 4294967295 without a session
   * @param comm the thread's name; empty if the record lacks it
   * @param executable the file that the process executes; null if the kernel did not say
   */
  record Call(
      AuditId id,
      @Nullable String name,
      String unknown,
      boolean compat,
      @Nullable Long exit,
      List<@Nullable Long> arguments,
      int processId,
      @Nullable Integer parentId,
      long userId,
      @Nullable Long effectiveUserId,
      @Nullable Long loginUserId,
      @Nullable Long sessionId,
      String comm,
      @Nullable String executable)
      implements AuditRecord {

    /** Makes the list unmodifiable; its elements may be null. */
    public Call {
      arguments = java.util.Collections.unmodifiableList(new ArrayList<>(arguments));
    }

    /** Returns argument number {@code index}, from 0; null if the record lacks it. */
    @Nullable Long argument(int index) {
      return index < arguments.size() ? arguments.get(index) : null;
    }
  }

  /**
   * KERN_MODULE: the kernel reached the step at which it names the module.
   *
   * @param name the module's name; null if the kernel stopped before it knew the name
   */
  record Module(AuditId id, @Nullable String name) implements AuditRecord {}

  /**
   * CWD: the directory in which the process works.
   *
   * @param path the working directory; null if the kernel did not say
   */
  record WorkingDirectory(AuditId id, @Nullable String path) implements AuditRecord {}

  /**
   * PROCTITLE: the command line, as it stands in the memory of the process itself.
   *
   * @param arguments the arguments; empty if the kernel could not read them
   * @param cut whether the command line may have been longer: the kernel keeps 128 bytes of it
   */
  record Title(AuditId id, List<String> arguments, boolean cut) implements AuditRecord {

    /** Copies the list. */
    public Title {
      arguments = List.copyOf(arguments);
    }
  }

  /** EOE: the event has no further records. */
  record End(AuditId id) implements AuditRecord {}
}
