#!/bin/sh
# The agent, as the guest's own command. It becomes the Java process, so that its process id is the agent's. A cache that
# does not fit is an error: guests without it take half as long again. Emulated, Java needs other options than the
# package's: methods compiled as early as it does by itself, and a heap that need not grow. Decompressing the first module
# has more than three seconds.
home=/opt/kmodwatch
exec /opt/jre/bin/java "@$home/common" "@$home/class-path" -XX:TieredStopAtLevel=1 -Xms32m -Xmx64m "-XX:AOTCache=$home/kmodwatch.aot" \
  -XX:AOTMode=on -XX:-AOTReplayTraining -Dkmodwatch.decompression-seconds=15 "-Dorg.sqlite.lib.path=$home/lib" org.kmodwatch.agent.Main "$@"
