#!/bin/sh
# The soak, in the lab's Debian: the package's own service with every kind of output, and module work that never repeats
# itself, for SOAK_SECONDS (SoakRun sets it, SOAK_PAUSE_MS and SOAK_HOSTILE); SIGHUP each 30 s. In /lab are kmodwatch.deb, kwchurn and kw_plain.ko.
# Prints a line for each sample, and in the end how many accepted loads have their record. The heap is what each minute's forced
# collection leaves.
state=/var/lib/kmodwatch
unit=kmodwatch.service

mkdir -p /etc/kmodwatch
cat >/etc/kmodwatch/kmodwatch.env <<'END'
KMODWATCH_OPTIONS=--config /etc/kmodwatch/kmodwatch.yaml
JAVA_TOOL_OPTIONS=-Xlog:gc,gc+heap:file=/var/lib/kmodwatch/gc.txt:uptime:filecount=2,filesize=2M
END
# configuration BATCH N: bounds that are reached soon, so that what is flat is seen to be; a rule that had no such name
# before.
configuration() {
  cat >/etc/kmodwatch/kmodwatch.new <<END
listen: 9464
keep-images: {dir: $state/images, max: 8M}
history: {dir: $state/history, max-size: 16M}
spool: $state/spool
sinks:
  archive: {type: file, path: $state/archive.ndjson, format: loads, max-size: 1G}
  findings: {type: file, path: $state/findings.ndjson, format: json, max-size: 2M, keep: 2}
  receiver: {type: webhook, url: 'http://127.0.0.1:8080/', batch: $1}
  log: {type: syslog, address: 'unix:///dev/log', format: cef}
policy:
  - {name: rule-$2, owner: soak, reason: soak, when: 'loader.uid == 1', verdict: expected}
END
  mv /etc/kmodwatch/kmodwatch.new /etc/kmodwatch/kmodwatch.yaml
}
configuration 100 0
chmod 755 kwchurn
cp kwchurn /usr/bin/kwchurn
mkdir -p /srv/churn /srv/nobody
kwchurn receive 8080 &
receiver=$!

dpkg --force-confold -i kmodwatch.deb || exit 3
tries=0
until journalctl -q -u $unit -o cat | grep -q '^armed'; do
  tries=$((tries + 1))
  [ "$tries" -lt 300 ] || { journalctl -q -u $unit; exit 3; }
  sleep 1
done

seconds() { cut -d . -f 1 /proc/uptime; }
main_pid() { systemctl show -P MainPID $unit; }
page() { timeout 10 bash -c "exec 3<>/dev/tcp/127.0.0.1/9464; printf 'GET $1 HTTP/1.0\r\nHost: 127.0.0.1:9464\r\n\r\n' >&3; cat <&3" 2>/dev/null; }
field() { sed -n "s/^$1:[^0-9]*\([0-9]*\).*/\1/p" "/proc/$2/status" 2>/dev/null; }
# What the last forced collection left, and what the heap had then of the kernel, in KiB.
heap() {
  awk '/DefNew:|Tenured:/ { split($0, part, "->"); split(part[2], n, "[K()]"); left += n[1]; had += n[3] }
    /Pause/ { if (/System.gc/) last = left " " had; left = had = 0 } END { print last ? last : "0 0" }' $state/gc.txt
}
sample() {
  process=$(main_pid)
  page /metrics >/root/metrics
  # shellcheck disable=SC2046 # two words
  set -- $(heap)
  health=$(page /healthz | grep -o '"status":"[a-z]*"' | cut -d '"' -f 4)
  echo "sample seconds=$(($(seconds) - began)) heapKiB=$1 nativeKiB=$(($(field RssAnon "$process") - $2)) rssKiB=$(field VmRSS "$process")" \
    "threads=$(field Threads "$process") descriptors=$(find "/proc/$process/fd" -mindepth 1 | wc -l)" \
    "diskKiB=$(du -sk --exclude='archive*' --exclude='gc.txt*' $state | cut -f 1) series=$(grep -c '^kmodwatch' /root/metrics)" \
    "health=${health:-none} restarts=$(systemctl show -P NRestarts $unit)"
}

began=$(seconds)
ended() { [ "$(($(seconds) - began))" -ge "$SOAK_SECONDS" ]; }
kwchurn loads "$SOAK_SECONDS" "$SOAK_PAUSE_MS" kw_plain.ko kw_plain /srv/churn >/root/churned 2>/root/churn.errors &
churn=$!
hostile=
if [ "${SOAK_HOSTILE:-false}" = true ]; then
  chmod 1777 /srv/nobody
  kwchurn refused "$SOAK_SECONDS" /srv/nobody >/root/refused 2>&1 &
  hostile=$!
  insmod kw_plain.ko
  kwchurn exists "$SOAK_SECONDS" kw_plain.ko >/root/exists 2>&1 &
  hostile="$hostile $!"
fi

every=$((SOAK_SECONDS / 20))
[ "$every" -ge 15 ] || every=15
next=$every
reload=30
reloads=0
until ended; do
  sleep 1
  at=$(($(seconds) - began))
  if [ "$at" -ge "$reload" ]; then
    reload=$((at + 30))
    reloads=$((reloads + 1))
    configuration $((99 + reloads % 2)) $reloads
    systemctl reload $unit
  fi
  if [ "$at" -ge "$next" ]; then
    next=$((at + every))
    sample
  fi
done
# shellcheck disable=SC2086 # they are words
wait $churn $hostile
cat /root/churned /root/refused /root/exists 2>/dev/null
head -n 5 /root/churn.errors

# Each accepted load has a name of its own.
recorded() {
  cat $state/archive.ndjson* | grep '"action":"load","outcome":"loaded"' | grep -o '"module":{"name":"kc[a-z]*"' | sort -u | wc -l
}
# Until all have come; they may take a while on a machine that is short of processor time.
tries=0
until [ "$(recorded)" = "$(sed -n 's/^loads //p' /root/churned)" ] || [ "$tries" -ge 60 ]; do
  tries=$((tries + 1))
  sleep 10
done
sample
echo "reloads $reloads"
echo "loads-recorded $(recorded)"
page /metrics | grep '^kmodwatch_sensor_\(seen\|lost\|suppressed\|gaps\)_total' | sed 's/^/metric /'
echo "memory-peak-KiB $(($(cat /sys/fs/cgroup/system.slice/$unit/memory.peak 2>/dev/null || echo 0) / 1024))"
systemctl stop $unit
# Without records, and what it sent to syslog.
journalctl -q -u $unit -o cat | grep -v '^{\|^1 ' | tail -n 400 >out/service.log
cp $state/gc.txt out/gc.txt
kill $receiver
echo end
