#!/bin/sh
# Pinned programs that another version replaces, counts that somebody tries to wipe, and pins that somebody removes; PinsIT holds
# what the agent said against it. COUNTERS stands before this.
# start NAME OPTION...: another size of the buffer makes the programs other ones, as another version does.
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
# What others keep beside ours stays.
mkdir /sys/fs/bpf/kmodwatch/others
start new --image-buffer 32M
until_said new.json KMW-1011
find /sys/fs/bpf/kmodwatch -mindepth 1 -maxdepth 1 -name '*[0-9]*' | wc -l | sed 's/^/sets of pins: /'
find /sys/fs/bpf/kmodwatch -name others -exec echo others stay \;
kwload finit kw_plain.ko
kwload delete kw_plain
until_said new.json kw_plain.ko
kwload wipe /sys/fs/bpf/kmodwatch/*/maps/counters "$COUNTERS"
# So that the agent, which looks once a second and has classes to load, has done so.
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
