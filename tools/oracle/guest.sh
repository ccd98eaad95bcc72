#!/bin/sh
# The boot that is looked at (OracleRun): the package's service watches since early in it, ftrace since its first moment. Does
# module work of every ordinary kind, and leaves what both saw. In /lab are kwload, kw_plain.ko, kw_params.ko, and the file
# modules with what modprobe is to load.
unit=kmodwatch.service
tracing=/sys/kernel/tracing
cp kwload /usr/bin/
chmod 755 /usr/bin/kwload

journal() { journalctl -b -q -u "$unit" -o cat; }
tries=0
until journal | grep -q '^armed'; do
  tries=$((tries + 1))
  [ "$tries" -lt 300 ] || { journal; exit 3; }
  sleep 1
done

# What the trace's clock is at a time of day. The shell that reads it writes it, so that little is between the two.
clocks() { bash -c 'for i in {1..50}; do echo "clock $EPOCHREALTIME" >'$tracing'/trace_marker; done'; }
step() {
  echo "step $*"
  echo "step $*" >$tracing/trace_marker
}

clocks
step coldplug
udevadm trigger --action=add
udevadm settle --timeout=300

step sockets
family=0
while [ "$family" -le 45 ]; do
  for type in 1 2 3 5; do
    kwload socket "$family" "$type" 0 >/dev/null
  done
  family=$((family + 1))
done
kwload socket 2 5 132 >/dev/null
kwload socket 10 2 136 >/dev/null
kwload socket 16 3 12 >/dev/null

step filesystems
mkdir -p /mnt/none
while read -r type; do
  mount -t "$type" none /mnt/none 2>/dev/null && umount /mnt/none
done <filesystems

step modprobe
# shellcheck disable=SC2046 # a name a word
modprobe -a -q $(cat modules) 2>/dev/null
lsmod | wc -l
step modprobe-r
# shellcheck disable=SC2046
modprobe -r -a -q $(cat modules) 2>/dev/null
lsmod | wc -l

step one by one
awk 'NR % 4 == 0' modules | while read -r name; do
  modprobe -q "$name" 2>/dev/null
  modprobe -r -q "$name" 2>/dev/null
done

step others
insmod kw_params.ko 'number=42 text="two words"'
insmod kw_params.ko number=3
rmmod kw_params
kwload finit kw_plain.ko '' 3
kwload delete kw_plain 2048
kwload init kw_plain.ko
kwload delete kw_plain 512
kwload memfd kw_plain.ko
kwload delete kw_plain
kwload delete kw_nowhere
kwload finit kw_plain.ko '' 128
cp kw_plain.ko /tmp/
kwload nocap finit /tmp/kw_plain.ko
kwload nocap init /tmp/kw_plain.ko
kwload badfd
kwload init modules
kwload finit modules
kwload parallel 8 finit kw_plain.ko
kwload delete kw_plain

step end
clocks
# What waits for another event is told after a second; what was held back, after ten.
sleep 15
settled=-1
until [ "$(journal | wc -l)" = "$settled" ]; do
  settled=$(journal | wc -l)
  sleep 5
done
echo 0 >$tracing/tracing_on
cat $tracing/trace >out/trace
cat $tracing/per_cpu/cpu*/stats >out/stats
journal >out/journal
journalctl -b -q -u "$unit" -o short-monotonic | grep 'armed: \|: armed' >out/armed
systemctl show "$unit" -p NRestarts -p ActiveEnterTimestampMonotonic
rm -f modules filesystems ./*.ko kwload
echo end
