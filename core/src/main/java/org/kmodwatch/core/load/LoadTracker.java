package org.kmodwatch.core.load;

/** Placeholder until the tracker is written. */
public final class LoadTracker {}
