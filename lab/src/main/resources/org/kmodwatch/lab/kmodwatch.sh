#!/bin/sh
# The agent, as the guest's own command. It becomes the Java process, so that its process id is the agent's. The cache that
# tools/lab-prepare.sh made is for this class path and these options.
own=
others=
for jar in /opt/kmodwatch/lib/*.jar; do
  case ${jar##*/} in
    kmodwatch-*) own=$own${own:+:}$jar ;;
    *) others=$others:$jar ;;
  esac
done
exec /opt/jre/bin/java -XX:+UseSerialGC -Xmx64m -XX:TieredStopAtLevel=1 --enable-native-access=ALL-UNNAMED \
  --sun-misc-unsafe-memory-access=allow -XX:AOTCache=/opt/jre/kmodwatch.aot -XX:+UnlockDiagnosticVMOptions \
  -XX:ArchiveRelocationMode=0 -Xlog:aot=off -Xlog:cds=off -cp "$own$others" org.kmodwatch.agent.Main "$@"
