# From exec to armed, of the installed package with its own options and with Java's. In /root are package.tar, which is
# what the package installs, and signed.ko for the training run. Start reads the lines.
tar -C / -xf /root/package.tar
home=/usr/lib/kmodwatch
path=
for jar in "$home"/lib/kmodwatch-*.jar; do path=$path${path:+:}$jar; done
for jar in "$home"/lib/*.jar; do case ${jar##*/} in kmodwatch-*) ;; *) path=$path:$jar ;; esac done
# Java's own default is to have this archive.
"$home/runtime/bin/java" -Xshare:dump >/dev/null 2>&1
mkfifo /run/said

with_defaults() { exec "$home/runtime/bin/java" -cp "$path" org.kmodwatch.agent.Main "$@"; }
as_shipped() { exec kmodwatch "$@"; }

start() { # NAME
  read -r began _ </proc/uptime
  "$1" watch -o loads >/dev/null 2>/run/said &
  pid=$!
  while read -r line; do
    case $line in
      armed*)
        read -r armed _ </proc/uptime
        break
        ;;
    esac
  done </run/said
  echo "$1 $began $armed"
  kill "$pid"
  wait "$pid"
}

round=0
while [ "$round" -lt "${ROUNDS:-5}" ]; do
  start with_defaults
  start as_shipped
  read -r began _ </proc/uptime
  "$home/runtime/bin/java" "@$home/java/common" "@$home/java/watch" "-XX:AOTCache=$home/kmodwatch.aot" -cp "$path" \
    org.kmodwatch.agent.build.Training /root/signed.ko "/root/machine$round" >/dev/null 2>&1
  read -r ended _ </proc/uptime
  echo "training $began $ended"
  round=$((round + 1))
done
