#!/bin/sh
# Sets the clock into the past, and switches ftrace off for ten seconds, with loads and an unload
# inside. Then a module hides, and the clock is corrected during a slow load. BlindedIT tests the
# records.
run() {
  name=$1
  shift
  sh -c 'echo "case $0 $$"; exec "$@"' "$name" "$@" 2>&1
  echo "end $name"
}
# until_told WORD: waits until a finding or load of the agent contains the word.
until_told() {
  tries=0
  until grep -q -- "$1" /out/events.ndjson /out/loads.ndjson || [ "$tries" -gt 600 ]; do
    tries=$((tries + 1))
    sleep 0.1
  done
}

# asked WHEN: prints the agent's health and metrics.
asked() {
  wget -q -O - http://127.0.0.1:9464/healthz 2>&1 | sed "s/^/healthz $1 /"
  wget -q -O - http://127.0.0.1:9464/metrics | grep '^kmodwatch_' | sed "s/^/metrics $1 /"
}

# The first load makes the agent load its classes, which takes seconds in this guest.
run before kwload finit kw_plain.ko
run delete-before kwload delete kw_plain
until_told unloaded
sleep 2
asked before
echo "was $(kwload now)"
set_right=$(date +%s)
date -s '2020-01-01 00:00:00' >/dev/null
until_told clock_set
echo "off $(kwload now)"
echo 0 >/proc/sys/kernel/ftrace_enabled
sleep 1
run from-file kwload finit kw_plain.ko
run delete-from-file kwload delete kw_plain
run from-memory kwload init kw_params.ko
run int80 kwload int80 kw_plain.ko
run init-fails kwload finit kw_initfail.ko
sleep 8
asked meanwhile
sleep 1
echo 1 >/proc/sys/kernel/ftrace_enabled
echo "on $(kwload now)"
sleep 3
until_told sensor_recovered
asked after
grep -i ':24F8 .* 0A ' /proc/net/tcp /proc/net/tcp6 | sed 's/^.*: *[0-9]*: \([^ ]*\) .*/listening \1/'
run after kwload delete kw_plain
run hides kwload finit kw_hide.ko sysfs=1
until_told module_hidden
(run slow kwload init kw_slow.ko ms=3000) &
slow=$!
sleep 1
date -s "@$((set_right + 60))" >/dev/null
wait "$slow"
until_told kw_slow
echo "end $(kwload now)"
