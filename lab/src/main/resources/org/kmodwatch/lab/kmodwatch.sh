#!/bin/sh
# The agent, as the guest's own command. It becomes the Java process, so that its process id is the agent's. As a package
# starts it (packaging/deb/kmodwatch), but a cache that does not fit is an error: guests without it take half as long again.
home=/opt/kmodwatch
own=
others=
for jar in "$home"/lib/*.jar; do
  case ${jar##*/} in
    kmodwatch-* | xz-*) own=$own${own:+:}$jar ;;
    *) others=$others:$jar ;;
  esac
done
# Emulated, it needs other options than the package's: methods compiled as early as Java does it by itself, and a heap that
# need not grow. Decompressing the first module has more than three seconds.
exec /opt/jre/bin/java "@$home/java/common" -XX:TieredStopAtLevel=1 -Xms32m -Xmx64m "-XX:AOTCache=$home/kmodwatch.aot" \
  -XX:AOTMode=on -XX:-AOTReplayTraining -Dkmodwatch.decompression-seconds=15 "-Dorg.sqlite.lib.path=$home/lib" -cp "$own$others" org.kmodwatch.agent.Main "$@"
