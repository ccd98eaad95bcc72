/**
 * What the operator says about loads: an ordered list of rules, of which the first that holds
 * speaks (docs/how-to/policy.md).
 *
 * <p>CEL's classes are loaded only where there is a rule. A {@link
 * org.kmodwatch.agent.policy.Policy} is used by one thread at a time.
 */
@NullMarked
package org.kmodwatch.agent.policy;

import org.jspecify.annotations.NullMarked;
