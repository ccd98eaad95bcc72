#!/bin/sh
# Tries each route on a kernel that only accepts signed modules, and then none at all. RefusalsIT
# tests the records. The kernel is booted with module.sig_enforce=1 and module_blacklist=dummy.

run() {
  name=$1
  shift
  sh -c 'echo "case $0 $$"; exec "$@"' "$name" "$@" 2>&1
  echo "end $name"
}

# switch_ftrace VALUE WHEN
switch_ftrace() {
  echo "ftrace $2: $1 $(echo "$1" | dd of=/proc/sys/kernel/ftrace_enabled 2>&1 | sed -n 's/^dd: .*: //p')"
}

release=$(uname -r)
dummy=$(find "/lib/modules/$release" -name 'dummy.ko*')
flags=0
case $dummy in *.xz) flags=4 ;; esac
mkdir -p /srv
cp kw_plain.ko /srv/
signed=$(find "/lib/modules/$release" -name 'af_alg.ko*')

run unsigned-file kwload finit kw_plain.ko
run unsigned-memory kwload init kw_plain.ko
run unsigned-memfd kwload memfd kw_plain.ko
run blacklisted kwload finit "$dummy" '' "$flags"
run signed kwload finit "$signed" '' "$flags"
run forced kwload finit kw_plain.ko '' 2
run written kwload written kw_plain.ko 'number=42'
run untouched kwload untouched kw_plain.ko 'number=42'
# The capability is missing: the kernel reaches only the hook of the call.
run written-nobody kwload with 65534 0x0 kwload written /srv/kw_plain.ko 'number=42'

kmodwatch doctor >/root/doctor.txt 2>&1
echo "doctor status $?"
cat /root/doctor.txt

# A second sensor starts after a module was loaded, in a time namespace with ten more days of
# uptime.
modprobe algif_hash
kwload timens 864000 kmodwatch watch -o json --guard-ftrace --record /root/second >/dev/null 2>/root/second.log &
second=$!
tries=0
until grep -q '^armed' /root/second.log || [ "$tries" -gt 1200 ]; do
  tries=$((tries + 1))
  sleep 0.1
done
sleep 1
echo "unloading $(kwload now)"
rmmod algif_hash
switch_ftrace 0 guarded
switch_ftrace 1 guarded
echo 30 >/proc/sys/vm/swappiness && echo 'swappiness is set'
kill -TERM "$second"
wait "$second"
cat /root/second.log
switch_ftrace 0 later
switch_ftrace 1 later
grep '"preExisting":true' /root/second/loads.ndjson | sed 's/^/before /'
grep '"action":"unload"' /root/second/loads.ndjson | sed 's/^/elsewhere /'

# The disk for the results may need this module.
modprobe nvme
echo 1 >/proc/sys/kernel/modules_disabled
run disabled-file kwload finit "$signed" '' "$flags"
run disabled-memory kwload init kw_plain.ko
run disabled-delete kwload delete af_alg
