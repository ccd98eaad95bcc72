package org.kmodwatch.core.load;

/** Placeholder until the JSON form and the event form of a record are written. */
public final class LoadRecords {}
