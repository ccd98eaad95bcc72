#!/bin/sh
# Tests outputs that accept nothing: a pipe that is not read, a full disk under standard output and
# under --record. Tests silent clients, and configurations that are read again while modules are
# loaded. OutputsIT tests the output.
# until_true SECONDS COMMAND...
until_true() {
  tries=$(($1 * 5))
  shift
  until "$@" >/dev/null 2>&1; do
    tries=$((tries - 1))
    if [ "$tries" -lt 0 ]; then
      echo "never came true: $*"
      return 1
    fi
    sleep 0.2
  done
}
said() { grep -q -s -- "$2" "$1"; }
turns() {
  turn=0
  while [ "$turn" -lt "$1" ]; do
    kwload finit /srv/kw_plain.ko >/dev/null
    kwload delete kw_plain >/dev/null
    turn=$((turn + 1))
  done
}
# ask PORT PAGE: prints the answer, or wget's error.
ask() { timeout 10 wget -q -O - "http://127.0.0.1:$1/$2" 2>&1; }
health_is() { ask "$1" healthz | grep -q "$2"; }
mkdir -p /srv /small
cp kw_plain.ko /srv/

mkfifo /root/pipe
# The process holds the pipe open and reads nothing.
sleep 1000 <>/root/pipe &
holder=$!
mount -t tmpfs -o size=32k none /small
config() {
  cat >/root/kmodwatch.yaml <<EOF
output: loads
record: /small/record
listen: 127.0.0.1:9500
spool: /root/spool
output-stalled-after: $1
history: {dir: /root/history, max-size: $2}
repeat-window: $3
sinks:
  loads: {type: file, path: $4, format: loads}
  findings: {type: file, path: /out/findings-sink.ndjson, format: json}
policy:
  - {name: $5, owner: o, reason: r, when: module.name == "kw_plain", verdict: alert}
EOF
}
config 12s 64M 10m /out/sink.ndjson first
kmodwatch watch --config /root/kmodwatch.yaml >/root/pipe 2>/out/outputs.log &
agent=$!
until_true 240 said /out/outputs.log '^armed' || exit 1
until_true 30 health_is 9500 '"ok"'
echo "health before $(ask 9500 healthz)"

# The output exceeds the 64 KiB of a pipe, and the disk.
turns 28
until_true 60 said /out/outputs.log 'output: standard output: has accepted nothing'
until_true 60 said /out/outputs.log 'output: record: has accepted nothing'
echo "health meanwhile $(ask 9500 healthz)"
ask 9500 metrics | grep '^kmodwatch_output_' | sed 's/^/metrics meanwhile /'
turns 5
until_true 30 sh -c "grep -c unloaded /out/sink.ndjson | grep -qx 33"
echo "unloads in the sink meanwhile $(grep -c unloaded /out/sink.ndjson)"

mount -o remount,size=16m /small
cat /root/pipe >/out/stdout.ndjson &
reader=$!
until_true 60 said /out/outputs.log 'output: standard output: accepts again'
until_true 60 said /out/outputs.log 'output: record: accepts again'
until_true 30 health_is 9500 '"ok"'
echo "health after $(ask 9500 healthz)"

count=0
while [ "$count" -lt 70 ]; do
  sleep 20 | nc 127.0.0.1 9500 >/dev/null 2>&1 &
  count=$((count + 1))
done
sleep 1
echo "health among the silent $(ask 9500 healthz)"

# One key changes after the other, each while modules are loaded and every page is requested.
reload=0
while read -r config; do
  reload=$((reload + 1))
  # shellcheck disable=SC2086 # five words
  config $config
  turns 2 &
  load=$!
  kill -HUP "$agent"
  ask 9500 metrics >"/root/during.$reload"
  until_true 30 sh -c "grep -c 'configuration: read anew' /out/outputs.log | grep -qx $reload"
  wait "$load"
  echo "reload $reload $(ask 9500 healthz)"
  ask 9500 metrics >"/root/after.$reload"
  for when in during after; do
    echo "series $reload $when $(grep -c '^kmodwatch_' "/root/$when.$reload") twice $(sed 's/ [^ ]*$//' "/root/$when.$reload" | grep '^kmodwatch_' | sort | uniq -d | wc -l)"
  done
done <<EOF
12s 64M 10m /out/sink2.ndjson first
12s 128M 10m /out/sink2.ndjson first
12s 128M 1h /out/sink2.ndjson first
12s 128M 1h /out/sink2.ndjson second
13s 128M 1h /out/sink2.ndjson second
EOF
ask 9500 metrics | grep -E 'sink_taken_total|policy_hits' | sed 's/^/metrics after /'
kill -TERM "$agent"
wait "$agent"
echo "ended $?"
kill "$holder"
wait "$reader"
echo "history $(kmodwatch history --history=/root/history --limit 1000 | grep -c unloaded)"
for file in loads events; do
  cp "/small/record/$file.ndjson" "/out/record-$file.ndjson"
done
