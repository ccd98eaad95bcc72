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
case ${1-} in
  watch | replay) options=$1 ;;
  *) options=other ;;
esac
# Emulated, a loop that is interpreted takes seconds: methods are compiled as early as Java does it by itself.
exec /opt/jre/bin/java "@$home/java/common" "@$home/java/$options" -XX:CompileThresholdScaling=1 "-XX:AOTCache=$home/kmodwatch.aot" -XX:AOTMode=on \
  "-Dorg.sqlite.lib.path=$home/lib" -cp "$own$others" org.kmodwatch.agent.Main "$@"
