package org.kmodwatch.bench;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Random;

/** Generates an audit log as auditd writes it: mostly started programs, and some loads. */
final class AuditLines {

  private static final long FIRST_MILLIS = 1_764_000_000_000L;

  private AuditLines() {}

  /**
   * Writes the log.
   *
   * @param lines the least number of lines; the last event is complete
   * @param share the share of events that are loads
   */
  static void write(OutputStream out, long lines, double share) throws IOException {
    var random = new Random(RecordingGenerator.SEED);
    long serial = 0;
    for (long written = 0; written < lines; written += 3) {
      boolean load = random.nextDouble() < share;
      out.write(event(++serial, load, random).getBytes(StandardCharsets.US_ASCII));
    }
  }

  private static String event(long serial, boolean load, Random random) {
    long millis = FIRST_MILLIS + 10 * serial;
    String id = "msg=audit(%d.%03d:%d):".formatted(millis / 1000, millis % 1000, serial);
    int pid = 300 + random.nextInt(30_000);
    String program = load ? "insmod" : "ls";
    String second =
        load ? "KERN_MODULE %s name=\"module_%d\"".formatted(id, random.nextInt(400)) : "CWD " + id;
    return String.format(
        Locale.ROOT,
        """
        type=SYSCALL %s arch=c000003e syscall=%d success=yes exit=0 a0=3 a1=55d0c8a5e010 a2=0 \
        a3=8 items=0 ppid=1 pid=%d auid=1000 uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 \
        fsgid=0 tty=pts0 ses=1 comm="%s" exe="/usr/bin/%s" key=(null)
        type=%s%s
        type=PROCTITLE %s proctitle=%s
        """,
        id,
        load ? 313 : 59,
        pid,
        program,
        load ? "kmod" : program,
        second,
        load ? "" : " cwd=\"/root\"",
        id,
        load ? "696E736D6F64002F726F6F742F782E6B6F" : "6C73");
  }
}
