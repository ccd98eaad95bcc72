package org.kmodwatch.agent.sink;

/**
 * One finding or load, as it is sent.
 *
 * @param id stable: the same thing told again has the same
 * @param body the JSON object, UTF-8; nobody writes into it
 */
@SuppressWarnings("ArrayRecordComponent") // Never compared; a copy of each would cost for nothing.
record Item(String id, byte[] body) {}
