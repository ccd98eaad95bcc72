#!/bin/sh
# Two processes make failing attempts as fast as they can for FLOOD_SECONDS, one as root with junk,
# one as nobody. Meanwhile LOADS real loads are made at random times. FloodIT compares the records
# with the answers to each process.
head -c 20000 /dev/urandom >junk.ko
cp kw_plain.ko /tmp/
start() {
  name=$1
  shift
  sh -c 'echo "case $0 $$"; exec "$@"' "$name" "$@" >"/tmp/$name.out" 2>&1 &
}
start root kwload flood "$FLOOD_SECONDS" junk.ko
start nobody kwload flood "$FLOOD_SECONDS" /tmp/kw_plain.ko 65534
start loads kwload paced "$LOADS" kw_plain.ko kw_plain 500
wait
# Waits until the sensor has caught up: its own end has a limit of 85 s, which a slow machine may
# exceed.
told=-1
same=0
tries=0
until [ "$same" -ge 2 ] || [ "$tries" -gt 40 ]; do
  sleep 5
  if [ "$told" = "$(wc -c </out/loads.ndjson)" ]; then same=$((same + 1)); else same=0; fi
  told=$(wc -c </out/loads.ndjson)
  tries=$((tries + 1))
done
cat /tmp/root.out /tmp/nobody.out /tmp/loads.out
