package org.kmodwatch.core.audit;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One record of an audit event, of a type that tells something of a load. */
public sealed interface AuditRecord {

  /** The event that it is of. */
  AuditId id();

  /**
   * SYSCALL: a system call on modules, or one that may be.
   *
   * @param name {@code init_module}, {@code finit_module} or {@code delete_module}; null if the
   *     architecture is not known, so that its number says nothing
   * @param unknown architecture and number of a call without a name, for a message; empty otherwise
   * @param compat whether it came by a 32-bit table of a 64-bit kernel
   * @param exit what it returned; null if it did not, since the process ended inside it
   * @param arguments the first four, each unsigned 64-bit; null where the record lacks one
   * @param processId process id on the host
   * @param parentId likewise of the parent; null if the record lacks it
   * @param userId real user id, unsigned 32-bit
   * @param effectiveUserId effective user id, unsigned 32-bit; null if the record lacks it
   * @param loginUserId who logged in, unsigned 32-bit; 4294967295 if nobody did
   * @param sessionId the session, unsigned 32-bit; 4294967295 if there is none
   * @param comm the thread's name; empty if the record lacks it
   * @param executable the file it executes; null if the kernel did not say
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

    /** Argument number {@code index}, from 0; null if the record lacks it. */
    @Nullable Long argument(int index) {
      return index < arguments.size() ? arguments.get(index) : null;
    }
  }

  /**
   * KERN_MODULE: the kernel came so far that it named the module.
   *
   * @param name its name; null where the kernel gave up before it knew it
   */
  record Module(AuditId id, @Nullable String name) implements AuditRecord {}

  /**
   * CWD: where the process was.
   *
   * @param path its working directory; null if the kernel did not say
   */
  record WorkingDirectory(AuditId id, @Nullable String path) implements AuditRecord {}

  /**
   * PROCTITLE: the command line, as the process itself has it in its memory.
   *
   * @param arguments empty if the kernel could not read it
   * @param cut whether it may have been longer: the kernel keeps 128 bytes of it
   */
  record Title(AuditId id, List<String> arguments, boolean cut) implements AuditRecord {

    /** Copies the list. */
    public Title {
      arguments = List.copyOf(arguments);
    }
  }

  /** EOE: no more records of the event come. */
  record End(AuditId id) implements AuditRecord {}
}
