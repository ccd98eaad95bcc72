#!/bin/sh
# Tests pinned programs that another version replaces, counters that an attacker tries to reset, and
# pins that an attacker removes. PinsIT compares the agent's output. COUNTERS is set before this.
# start NAME OPTION...: another buffer size changes the programs, as another version would.
start() {
  name=$1
  shift
  kmodwatch watch --pin --state /root/state -o json "$@" >"/root/$name.json" 2>"/root/$name.log" &
  agent=$!
  until_said "$name.log" '^armed'
}
# until_said FILE WORD
until_said() {
  tries=0
  until grep -q -- "$2" "/root/$1" || [ "$tries" -gt 600 ]; do
    tries=$((tries + 1))
    sleep 0.1
  done
}

start old --image-buffer 16M
kill -KILL "$agent"
wait "$agent"
kwload finit kw_plain.ko
kwload delete kw_plain
# Foreign pins beside ours stay.
mkdir /sys/fs/bpf/kmodwatch/others
start new --image-buffer 32M
until_said new.json KMW-1011
find /sys/fs/bpf/kmodwatch -mindepth 1 -maxdepth 1 -name '*[0-9]*' | wc -l | sed 's/^/sets of pins: /'
find /sys/fs/bpf/kmodwatch -name others -exec echo others stay \;
kwload finit kw_plain.ko
kwload delete kw_plain
until_said new.json kw_plain.ko
kwload wipe /sys/fs/bpf/kmodwatch/*/maps/counters "$COUNTERS"
# Waits until the agent has checked: it checks once a second, and first loads classes.
sleep 6
echo "removed $(kwload now)"
rm -r /sys/fs/bpf/kmodwatch
until_said new.log '^sees again: pins'
kwload finit kw_params.ko
until_said new.json kw_params.ko
kill -TERM "$agent"
wait "$agent"
echo "ended $?"
cat /root/new.log
sed 's/^/new /' /root/new.json
