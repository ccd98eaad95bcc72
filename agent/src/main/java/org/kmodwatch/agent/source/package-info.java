/** Where {@code replay} has recordings from besides files: a topic of Apache Kafka. */
@NullMarked
package org.kmodwatch.agent.source;

import org.jspecify.annotations.NullMarked;
