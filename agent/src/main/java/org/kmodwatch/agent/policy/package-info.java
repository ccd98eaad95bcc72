/**
 * The operator's rules about loads: an ordered list of rules, of which the first that holds applies
 * (docs/how-to/policy.md).
 *
 * <p>CEL's classes are loaded only if there is a rule. One thread at a time may use a {@link
 * org.kmodwatch.agent.policy.Policy}.
 */
@NullMarked
package org.kmodwatch.agent.policy;

import org.jspecify.annotations.NullMarked;
