#!/bin/sh
# Loads modules on a kernel whose helpers may not read kernel memory. LockdownIT tests the records.
# The kernel is booted with lockdown=confidentiality.

run() {
  name=$1
  shift
  sh -c 'echo "case $0 $$"; exec "$@"' "$name" "$@" 2>&1
  echo "end $name"
}

release=$(uname -r)
dummy=$(find "/lib/modules/$release" -name 'dummy.ko*')
flags=0
case $dummy in
*.xz)
  flags=4
  xzcat "$dummy" >/tmp/dummy.ko
  ;;
*) cp "$dummy" /tmp/dummy.ko ;;
esac
long=/root/a_name_of_more_than_thirty-one_bytes.ko${dummy##*.ko}
cp "$dummy" "$long"

# This takes long enough for a canary.
kmodwatch doctor >/root/doctor.txt 2>&1
echo "doctor status $?"
cat /root/doctor.txt

run signed-file kwload finit "$dummy" numdummies=2 "$flags"
run unload kwload delete dummy
run signed-memory kwload init /tmp/dummy.ko
kwload delete dummy >/dev/null
run long-name kwload finit "$long" '' "$flags"
kwload delete dummy >/dev/null
run namespace unshare -p -f kwload finit "$dummy" '' "$flags"
kwload delete dummy >/dev/null
run unsigned-file kwload finit kw_plain.ko
run unsigned-memory kwload init kw_plain.ko
run unsigned-memfd kwload memfd kw_plain.ko
run no-capability kwload nocap finit kw_plain.ko
run modprobe modprobe dummy
kwload delete dummy >/dev/null
run autoload kwload socket 38 5 0

echo "off $(kwload now)"
echo 0 >/proc/sys/kernel/ftrace_enabled
run blinded kwload finit "$dummy" '' "$flags"
