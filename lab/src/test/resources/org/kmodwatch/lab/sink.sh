#!/bin/sh
# Loads modules while the webhook's receiver is down for DOWN seconds, then slow, then works.
# Meanwhile an agent is killed. SinkIT compares the receiver's items with the loads. LOADS and DOWN
# are set before this.
start() {
  kmodwatch watch --pin --state /root/state --spool /root/state/spool --webhook http://127.0.0.1:8080/s3cret \
    --webhook-token-file /root/token --record "/root/record$1" >/dev/null 2>>/root/lives.log &
  agent=$!
  tries=0
  until [ "$(grep -c '^armed' /root/lives.log)" -ge "$1" ] || [ "$tries" -gt 600 ]; do
    tries=$((tries + 1))
    sleep 0.1
  done
}
# Waits until that many agents have found that the receiver is down.
until_down() {
  tries=0
  until [ "$(grep -c 'cannot send .* cannot connect' /root/lives.log)" -ge "$1" ] || [ "$tries" -gt 300 ]; do
    tries=$((tries + 1))
    sleep 0.1
  done
}
taken() {
  grep -o '"id":"load:[^"]*","kind":"load"' /root/taken | sort -u | wc -l
}

(umask 077 && echo t0ken >/root/token)
: >/root/taken
start 1
began=$(date +%s)
# shellcheck disable=SC2153
sh -c 'exec kwload paced '"$LOADS"' kw_plain.ko kw_plain '"$PAUSE" &
loads=$!
until_down 1
sleep $((DOWN / 4))
kill -KILL "$agent"
wait "$agent" 2>/dev/null
sleep 1
start 2
until_down 2
while [ $(($(date +%s) - began)) -lt "$DOWN" ]; do
  sleep 0.1
done
/opt/jre/bin/java -XX:+UseSerialGC -Xmx32m -XX:TieredStopAtLevel=1 -cp /root org.kmodwatch.lab.SinkReceiver 8080 /root/taken &
receiver=$!
wait "$loads"
# Waits until all has arrived; each load and each unload is an item.
tries=0
until [ "$(taken)" -ge $((2 * LOADS)) ] || [ "$tries" -gt 300 ]; do
  tries=$((tries + 1))
  sleep 0.2
done
began=$(date +%s)
kill -TERM "$agent"
wait "$agent"
echo "ended $? after $(($(date +%s) - began)) s"
kill "$receiver"
rm -r /sys/fs/bpf/kmodwatch
sed 's/^/lives /' /root/lives.log
sed 's/^/taken /' /root/taken
tr -d '\n' </root/record2/ledger.json | sed 's/^/ledger /'
echo
find /root/state -exec stat -c 'mode %a %n' {} +
