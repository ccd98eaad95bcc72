#!/bin/sh
# Kills an agent with pinned programs at random moments while modules are loaded. RestartIT compares
# the records of all starts with the loads. LOADS and KILLS are set before this.
start() {
  kmodwatch watch --pin --state /root/state -o loads >>/root/told.ndjson 2>>/root/lives.log &
  agent=$!
}
armed() {
  [ "$(grep -c '^armed' /root/lives.log)" -ge "$1" ]
}
until_armed() {
  tries=0
  until armed "$1" || [ "$tries" -gt 600 ]; do
    tries=$((tries + 1))
    sleep 0.1
  done
}

start
until_armed 1
sh -c 'echo "case loads $$"; exec kwload paced '"$LOADS"' kw_plain.ko kw_plain 500' >/tmp/loads.out 2>&1 &
loads=$!
kills=0
lives=1
while [ "$kills" -lt "$KILLS" ]; do
  # One kill in five may come before the agent is armed.
  if [ $((kills % 5)) -ne 4 ]; then
    until_armed "$lives"
  fi
  sleep "$(awk -v seed="$kills" 'BEGIN { srand(seed + 7); printf "%.2f", rand() * 2 }')"
  kill -KILL "$agent"
  wait "$agent" 2>/dev/null
  kills=$((kills + 1))
  armed "$lives" && lives=$((lives + 1))
  start
done
wait "$loads"
until_armed "$lives"
cat /tmp/loads.out
# Waits until all is reported; each load and each unload is a line.
tries=0
until [ "$(grep -c '"paced"' /root/told.ndjson)" -ge $((2 * LOADS)) ] || [ "$tries" -gt 900 ]; do
  tries=$((tries + 1))
  sleep 0.1
done
sleep 2
kill -TERM "$agent"
wait "$agent"
echo "ended $?"
ls /sys/fs/bpf/kmodwatch/*/links | wc -l | sed 's/^/pinned /'
rm -r /sys/fs/bpf/kmodwatch
cat /root/lives.log
sed 's/^/told /' /root/told.ndjson
