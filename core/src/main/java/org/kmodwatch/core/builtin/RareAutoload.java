package org.kmodwatch.core.builtin;

import java.util.LinkedHashMap;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.load.LoadRecord.Requester;
import org.kmodwatch.core.signature.AttackTechnique;
import org.kmodwatch.core.signature.LoadSignature;
import org.kmodwatch.core.signature.SignatureMetadata;
import org.kmodwatch.core.signature.Verdict;

/**
 * KMW-1007: a process of an ordinary user made the kernel look for a module that few systems need,
 * with or without success. The list of these modules is {@code rare-autoload.txt} in this package.
 * Data has the {@code alias} that the kernel asked for, the {@code pattern} that it matched, and
 * the reason {@code why} the list has it.
 *
 * <p>The user is that of the initial user namespace. Capabilities are not checked: a user who
 * creates a user namespace has all of them there.
 */
public final class RareAutoload extends LoadSignature {

  private static final AliasPatterns RARE = AliasPatterns.ofResource("rare-autoload.txt");

  /** Creates the signature for {@link java.util.ServiceLoader}. */
  public RareAutoload() {
    super(
        new SignatureMetadata(
            "KMW-1007",
            "1",
            "Rarely used kernel module requested by an unprivileged user",
            "rare_kernel_module_autoload",
            "An unprivileged process made the kernel look for a module of a rarely used family "
                + "of protocols, file systems or devices. Such code is little tested and is where "
                + "many local privilege escalations start: the adversary has the kernel load the "
                + "faulty module first.",
            null,
            AttackTechnique.KERNEL_MODULES.properties(2, "privilege-escalation")));
  }

  @Override
  protected void onLoad(LoadRecord load, Event event, Verdict verdict) {
    judge(load, verdict);
  }

  @Override
  protected void onRequest(LoadRecord request, Event event, Verdict verdict) {
    judge(request, verdict);
  }

  private static void judge(LoadRecord record, Verdict verdict) {
    Requester requester = record.requester();
    String alias = requester == null ? null : requester.alias();
    if (requester == null || alias == null || requester.process().uid() == 0) {
      return;
    }
    RARE.match(alias)
        .ifPresent(
            matched -> {
              var data = new LinkedHashMap<String, Value>();
              data.put("alias", Value.of(alias));
              data.put("pattern", Value.of(matched.pattern()));
              data.put("why", Value.of(matched.why()));
              verdict.raise(new Value.Obj(data));
            });
  }
}
