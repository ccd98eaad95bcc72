#!/bin/sh
# Runs watch with different capabilities, as a user without any other right, beside the lab's own
# sensor, which is root. PrivilegeIT tests the results. BPF is 0x8000000000, PERFMON 0x4000000000,
# DAC_READ_SEARCH 0x4.

# systemd sets this mode.
chmod 700 /sys/fs/bpf
umask 077

# with CAPS NAME ARGUMENT...: runs kmodwatch with its own folders for pins and state.
with() {
  caps=$1 name=$2
  shift 2
  for folder in "/sys/fs/bpf/$name" "/run/$name"; do
    mkdir "$folder"
    chown 65534:65534 "$folder"
  done
  cd / && exec kwload with 65534 "$caps" kmodwatch "$@"
}

# Runs a command that ends without a signal, and prints its status and its message.
attempt() {
  name=$1 caps=$2
  shift 2
  (with "$caps" "$name" "$@") >"/run/$name.log" 2>&1
  echo "$name status=$? $(grep '^kmodwatch: ' "/run/$name.log")"
}
attempt without-perfmon 0x8000000004 watch &
attempt without-bpf 0x4000000004 watch &
wait
attempt pin-without-dac 0xc000000000 watch --pin=/sys/fs/bpf/pin-without-dac --state=/run/pin-without-dac &
trying=$!

# The file is larger than any image buffer, so that the agent reads it, in a folder private to root.
cp /root/kw_export.ko /root/large.ko
truncate -s 65M /root/large.ko

(with 0xc000000004 documented watch -o loads --pin=/sys/fs/bpf/documented --state=/run/documented \
  --record /run/documented/record) >/out/documented.ndjson 2>/out/documented.log &
documented=$!
(with 0xc000000000 without-dac watch -o loads --record /run/without-dac/record) >/out/without-dac.ndjson 2>/out/without-dac.log &
without=$!
wait "$trying"
for set in documented without-dac; do
  tries=0
  until grep -q '^armed' "/out/$set.log" || [ "$tries" -gt 600 ]; do
    tries=$((tries + 1))
    sleep 0.1
  done
done
for pid in "$documented" "$without"; do
  grep -E '^(Uid|NoNewPrivs|CapEff|CapBnd)' "/proc/$pid/status" | tr '\t\n' '  '
  echo
done
insmod /root/kw_plain.ko
kwload init /root/kw_params.ko
modprobe dummy
kwload socket 38 5 0
kwload nocap finit /root/kw_slow.ko
insmod /root/large.ko
rmmod kw_plain
# Two modules hide: one later, one behind another of the same name. Ordinary modules look similar.
insmod /root/kw_late.ko sysfs=1 ms=9000
insmod /root/kw_hide.ko sysfs=1
insmod /root/kw_hide.ko ms=-1
insmod /root/kw_newline.ko
for _ in 1 2 3 4 5; do
  insmod /root/kw_plain.ko
  rmmod kw_plain
done
# This takes longer than two canaries.
insmod /root/kw_slow.ko ms=0 handler_ms=12000
rmmod kw_slow
# Waits until all is reported: a slow machine needs a while to hash the large module.
tries=0
until [ "$(cat /out/documented.ndjson /out/without-dac.ndjson | grep '"action":"unload"' | grep -c '"name":"kw_slow"')" -ge 2 ] ||
  [ "$tries" -gt 600 ]; do
  tries=$((tries + 1))
  sleep 0.2
done
tries=0
until [ "$(cat /run/*/record/findings.ndjson /out/findings.ndjson | grep -c KMW-1009)" -ge 6 ] || [ "$tries" -gt 300 ]; do
  tries=$((tries + 1))
  sleep 0.1
done
sleep 3
for pid in "$documented" "$without"; do
  kill -TERM "$pid"
  wait "$pid"
  echo "watch status=$?"
done
echo "pinned $(find /sys/fs/bpf/documented -path '*/links/*' | grep -c .)"
echo "findings $(cat /run/*/record/findings.ndjson | grep -c '"ID":"TRC-1017"') blind $(cat /run/*/record/findings.ndjson | grep -c '"ID":"KMW-1012"')"
for set in documented without-dac; do
  cp "/run/$set/record/findings.ndjson" "/out/$set-findings.ndjson"
done
(with 0xc000000000 doctor doctor) 2>&1 | grep '^degraded'
