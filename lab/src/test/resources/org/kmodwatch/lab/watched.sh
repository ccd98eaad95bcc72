#!/bin/sh
# Changes pins, rings and maps as root while the agent runs and between two starts. WatchedIT tests
# the agent's output. The agent has the service's user and its three capabilities.

# systemd sets this mode.
chmod 700 /sys/fs/bpf
umask 077
mkdir /sys/fs/bpf/kw /run/state /run/other
chown 65534:65534 /sys/fs/bpf/kw /run/state /run/other

service() {
  cd / && exec kwload with 65534 0xc000000004 kmodwatch "$@"
}

# start NAME: starts an agent and waits until it is armed, or has ended.
start() {
  name=$1
  # The redirection is here: one inside the function would be opened by the service's user.
  service watch -o loads --pin=/sys/fs/bpf/kw --state=/run/state --record "/run/state/$name" \
    >"/root/$name.json" 2>"/root/$name.log" &
  agent=$!
  until_said "$name.log" '^armed'
}
# until_said FILE WORD: waits for a minute at most.
until_said() {
  tries=0
  until grep -q -- "$2" "/root/$1" || [ "$tries" -gt 600 ] || ! kill -0 "$agent" 2>/dev/null; do
    tries=$((tries + 1))
    sleep 0.1
  done
}
killed() {
  kill -KILL "$agent"
  wait "$agent" 2>/dev/null
}
pins() {
  find /sys/fs/bpf/kw -type f | wc -l
}

start first
insmod /root/kw_plain.ko
until_said first.json '"kw_plain"'
all=$(pins)

# Tries to change, as root, the maps that the programs or user space only read.
for map in counters blank .rodata pinned canary common_buckets loaded_changes; do
  echo "$map $(kwload rewrite "$map")"
done
echo "control $(kwload wipe /sys/fs/bpf/kw/*/maps/control 1)"
until_said first.log '^sees again: control'

service watch -o loads --pin=/sys/fs/bpf/kw --state=/run/other >/root/another.out 2>&1 &
another=$!
tries=0
until grep -q '^armed' /root/another.out || ! kill -0 "$another" 2>/dev/null || [ "$tries" -gt 600 ]; do
  tries=$((tries + 1))
  sleep 0.1
done
kill -KILL "$another" 2>/dev/null
wait "$another" 2>/dev/null
echo "another: status $?"
sed "s/$agent/PID/; s/^/another: /" /root/another.out

# Keeps the links of finit_module: the canary tests only that call.
find /sys/fs/bpf/kw -path '*/links/*' ! -name '*finit_module*' -exec rm {} + -o -name control -exec rm {} +
until_said first.log '^sees again: pins'
echo "pins $((all - $(pins))) fewer while it runs"
killed
echo "pins $((all - $(pins))) fewer after it was killed"

# All programs see this load; then most of them are detached.
insmod /root/kw_params.ko
find /sys/fs/bpf/kw -path '*/links/*' ! -name '*finit_module*' -exec rm {} + -o -name held_odd -exec rm {} +
start second
until_said second.json '"kw_params"'
rmmod kw_params
kwload init /root/kw_params.ko
until_said second.json '"init_module"'
rmmod kw_plain
until_said second.json '"unloaded".*"kw_plain"'
# After one more check the agent has stored its position.
sleep 2
killed

# Loads a module and moves the rings' positions past its record: the next reader would begin there.
insmod /root/kw_plain.ko
kwload skip 2 /sys/fs/bpf/kw/*/maps/ring_loads /sys/fs/bpf/kw/*/maps/ring_attempts
start third
until_said third.json '"kw_plain"'
sleep 2
killed

# The pins are removed, and then a module is loaded.
rm -r /sys/fs/bpf/kw/*
insmod /root/kw_export.ko
start fourth
until_said fourth.json '"kw_export"'
sleep 1
kill -TERM "$agent"
wait "$agent"
echo "ended $?"

for name in first second third fourth; do
  sed "s/^/$name log: /" "/root/$name.log"
  sed "s/^/$name load: /" "/root/$name.json"
  sed "s/^/$name finding: /" "/run/state/$name/findings.ndjson"
done
