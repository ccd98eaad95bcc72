/**
 * Turns options and configuration into the settings of a run. Open {@link
 * org.kmodwatch.agent.settings.WatchSettingsReader} first.
 */
@NullMarked
package org.kmodwatch.agent.settings;

import org.jspecify.annotations.NullMarked;
