package org.kmodwatch.agent.history;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What is asked of a history: records that all of this holds for. Names are patterns for the whole
 * of them, {@code *} being anything and {@code ?} one character; a field that is null says nothing.
 *
 * @param since not before this
 * @param until before this
 * @param preExisting whether modules count that were there before Kmodwatch
 * @param name of the module
 * @param hash the beginning of a SHA-256, in lower case: of the bytes that the kernel was given, or
 *     of what it made of them
 * @param signature the status of the signature, as records have it
 * @param signer name of the key
 * @param outcome as records have it
 * @param requester program of whoever asked: the whole path, or without a slash its last part
 * @param place as records have it, {@value #MEMORY}, or with a slash the path of the file
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

  /** The place of what came from memory. */
  public static final String MEMORY = HistoryRow.MEMORY;

  /** All that there is. */
  public static final HistoryFilter ALL =
      new HistoryFilter(null, null, true, null, null, null, null, null, null, null);
}
