package org.kmodwatch.history;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A filter selects records of a history; a record matches if every condition holds. Patterns match
 * whole names: {@code *} matches any text and {@code ?} one character. A field that is null sets no
 * condition.
 *
 * @param since the earliest time, inclusive
 * @param until the latest time, exclusive
 * @param preExisting whether to include modules that were loaded before Kmodwatch started
 * @param name the pattern of the module name
 * @param hash the beginning of a SHA-256, in lower case: of the bytes that the kernel received, or
 *     of the decompressed bytes
 * @param signature the signature status, as in records
 * @param signer the pattern of the key's name
 * @param outcome the outcome, as in records
 * @param requester the pattern of the requesting program: the whole path, or without a slash its
 *     last part
 * @param place the place as in records, {@value #MEMORY}, or with a slash the pattern of the file's
 *     path
 */
public record HistoryFilter(
    @Nullable Instant since,
    @Nullable Instant until,
    boolean preExisting,
    @Nullable String name,
    @Nullable String hash,
    @Nullable String signature,
    @Nullable String signer,
    @Nullable String outcome,
    @Nullable String requester,
    @Nullable String place) {

  /** Names the place of a module that was loaded from memory. */
  public static final String MEMORY = HistoryRow.MEMORY;

  /** Selects all records. */
  public static final HistoryFilter ALL =
      new HistoryFilter(null, null, true, null, null, null, null, null, null, null);
}
