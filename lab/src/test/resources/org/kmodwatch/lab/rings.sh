#!/bin/sh
# Tests rings and maps at their limits, and rings that an attacker changes, under a sensor with the
# service's three capabilities. RingsIT tests the agent's output. BPF is 0x8000000000, PERFMON
# 0x4000000000, DAC_READ_SEARCH 0x4, SYS_MODULE 0x10000. dmesg -n 1: the kernel's message about a
# junk module would take longer than the module.
dmesg -n 1
chmod 700 /sys/fs/bpf
mkdir /sys/fs/bpf/rings /run/rings
chown 65534:65534 /sys/fs/bpf/rings /run/rings
loads=/out/rings.ndjson
findings=/run/rings/record/findings.ndjson
(cd / && exec kwload with 65534 0xc000000004 kmodwatch watch -o loads --pin=/sys/fs/bpf/rings --state=/run/rings \
  --record /run/rings/record) >"$loads" 2>/root/agent.log &
agent=$!
# until_said FILE WORD [TENTHS]
until_said() {
  tries=0
  until grep -q -- "$2" "$1" 2>/dev/null || [ "$tries" -gt "${3:-300}" ]; do
    tries=$((tries + 1))
    sleep 0.1
  done
}
# Loads a module as a separate user, whose bucket is full.
load_as() {
  kwload with "$1" 0x10000 kwload finit "/tmp/$2.ko"
}
until_said /root/agent.log '^armed' 900
for module in kw_plain kw_params kw_export kw_initfail; do cp "$module.ko" /tmp/; done
maps=$(echo /sys/fs/bpf/rings/*/maps)
printf junk >/tmp/junk.ko

echo "stage drop $(kwload now)"
# Each call makes the last records before the ring is quiet again.
insmod kw_ringdrop.ko
until_said "$loads" kw_ringdrop
echo ring_loads >/sys/module/kw_ringdrop/parameters/ring
insmod kw_params.ko
echo >/sys/module/kw_ringdrop/parameters/ring
echo "dropped $(cat /sys/module/kw_ringdrop/parameters/dropped)"
until_said /root/agent.log '^blind: lane loads' 200
echo ring_attempts >/sys/module/kw_ringdrop/parameters/ring
kwload badfd
kwload badfd
echo >/sys/module/kw_ringdrop/parameters/ring
until_said /root/agent.log '^blind: lane attempts' 200
until_said "$loads" kw_params

echo "stage strangers $(kwload now)"
kwload strangers 6000 /tmp/junk.ko

echo "stage images $(kwload now)"
# These exceed root's bucket: 200 MiB of them are held back.
kwload times 3000 /tmp/junk.ko
{
  printf '\177ELF'
  head -c 2097148 /dev/zero
} >/tmp/large.ko
kwload times 100 /tmp/large.ko
# Some of those had a token, and may fill the ring. The record of this one comes after all of them
# are read.
cp /tmp/junk.ko /tmp/marker.ko
load_as 9 marker
until_said "$loads" marker.ko
load_as 1 kw_export
until_said "$loads" kw_export

echo "stage stall $(kwload now)"
kwload stall 600 15 &
stall=$!
until_said /root/agent.log '^blind: work space' 200
load_as 2 kw_plain
until_said "$loads" '"name":"kw_plain"'
wait "$stall"
rmmod kw_plain

echo "stage wrap $(kwload now)"
# A long command line makes each record some kilobytes long.
long=$(printf '%04000d' 0)
kill -STOP "$agent"
kwload skip 600 "$maps/ring_attempts" "$maps/ring_loads" "$maps/images" "$maps/images_rest" &
skip=$!
kwload storm 1000 kw_plain.ko kw_plain "$long"
kill -KILL "$skip"
kill -CONT "$agent"
until_said /root/agent.log '^sees again: rings' 600
load_as 3 kw_initfail
until_said "$loads" kw_initfail

echo "stage end $(kwload now)"
kwload flood 6 /tmp/junk.ko 4 >/dev/null &
kwload flood 6 /tmp/junk.ko >/dev/null &
sleep 2
before=$(date +%s)
kill -TERM "$agent"
wait "$agent"
echo "ended $? after $(($(date +%s) - before)) s"
cp "$findings" /out/rings-findings.ndjson
cp /run/rings/record/ledger.json /out/rings-ledger.json
cat /root/agent.log
