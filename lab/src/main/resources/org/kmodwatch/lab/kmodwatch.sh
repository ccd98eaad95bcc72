#!/bin/sh
# The agent, as the guest's own command. It becomes the Java process, so that its process id is the agent's.
exec /opt/jre/bin/java -XX:+UseSerialGC -Xmx64m -XX:TieredStopAtLevel=1 --enable-native-access=ALL-UNNAMED \
  --sun-misc-unsafe-memory-access=allow -cp '/opt/kmodwatch/lib/*' org.kmodwatch.agent.Main "$@"
