#!/bin/sh
# Three processes load ordinary modules all the time. In between come images that are made to break
# their reader. The agent has half of the service's heap. PoisonIT reads its output. POISONS and
# LOADS are set before this.
_JAVA_OPTIONS=-Xmx64m kmodwatch watch -o loads --record /root/record >/root/loads.ndjson 2>/root/agent.log &
agent=$!
tries=0
until grep -q '^armed' /root/agent.log || [ "$tries" -gt 600 ]; do
  tries=$((tries + 1))
  sleep 0.1
done

# 20,000 empty members of gzip, which the kernel does not support: 400 KB without a module.
gzip -c </dev/null >/root/member
: >/root/poison.ko
for _ in 1 2 3 4 5 6 7 8 9 10; do cat /root/member; done >/root/ten
for _ in 1 2 3 4 5 6 7 8 9 10; do cat /root/ten; done >/root/hundred
for _ in 1 2 3 4 5 6 7 8 9 10; do cat /root/hundred; done >/root/thousand
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do cat /root/thousand; done >/root/poison.ko

for module in kw_plain kw_params kw_export; do
  kwload paced "$LOADS" "/root/$module.ko" "$module" 400 >"/root/$module.out" &
  loaders="$loaders $!"
done
second=0
while [ "$second" -lt "$POISONS" ]; do
  kwload init /root/poison.ko >>/root/poison.out
  second=$((second + 1))
  sleep 1
done
for loader in $loaders; do wait "$loader"; done
tries=0
until [ "$(grep -c '"paced"' /root/loads.ndjson)" -ge $((6 * LOADS)) ] || [ "$tries" -gt 1200 ]; do
  tries=$((tries + 1))
  sleep 0.1
done
kill -TERM "$agent"
wait "$agent"
echo "ended $?"
for module in kw_plain kw_params kw_export; do sed "s/^/$module /" "/root/$module.out"; done
sed 's/^/poison /' /root/poison.out
sed 's/^/log /' /root/agent.log
cp /root/loads.ndjson /out/loads.ndjson
