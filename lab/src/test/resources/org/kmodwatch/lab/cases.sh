#!/bin/sh
# Runs every route by which a module enters the kernel, and every failure of each. LoadsIT compares
# the sensor's record with the answer to the caller. Each case prints "case NAME PID", kwload's
# result of its calls, "end NAME". Preparation and cleanup are separate cases, so that the account
# is complete.

run() {
  name=$1
  shift
  # The shell that prints its pid becomes the loader.
  sh -c 'echo "case $0 $$"; exec "$@"' "$name" "$@" 2>&1
  echo "end $name"
}

cp kw_plain.ko unlinked.ko
gzip -c kw_plain.ko >kw_plain.ko.gz
gzip -c kw_params.ko >kw_params.ko.gz
mkdir named
cp kw_plain.ko named/kw_params.ko
echo junk >junk.ko
: >empty.ko
release=$(uname -r)
dummy=$(find "/lib/modules/$release" -name 'dummy.ko*')
odd=$(printf 'a "b"\n\\\377.ko')
cp kw_plain.ko "$odd"
deep=/tmp
for part in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39; do
  deep=$deep/d$part
done
mkdir -p "$deep" /mnt/inner
mount -t tmpfs inner /mnt/inner
cp kw_plain.ko "$deep/"
cp kw_plain.ko /mnt/inner/
# The user nobody cannot read /root.
cp kw_plain.ko /tmp/

# Routes.
run file kwload finit kw_plain.ko
run delete kwload delete kw_plain
run params kwload finit kw_params.ko 'number=42 text="two words"'
run delete-params kwload delete kw_params
run other-file-open sh -c 'exec 9<kw_plain.ko && exec kwload init kw_params.ko'
run delete-other-file-open kwload delete kw_params
# libkmod has the same files open: the file of a dependency, the module's own, and a later one.
run own-file-open sh -c 'exec 7<kw_paramrefuse.ko 8<kw_params.ko.gz 9<kw_plain.ko && exec kwload init kw_params.ko'
run delete-own-file-open kwload delete kw_params
run own-name-open sh -c 'exec 9<named/kw_params.ko && exec kwload init kw_params.ko'
run delete-own-name-open kwload delete kw_params
run tried-another kwload second kw_params.ko kw_unresolved.ko
run delete-tried-another kwload delete kw_params
run detached kwload detached kw_plain.ko
run delete-detached kwload delete kw_plain
run tree-of-its-own unshare -m sh -c 'mount -t tmpfs none "$1" && mkdir "$1/kernel" && cp kw_plain.ko "$1/kernel" &&
  exec kwload finit "$1/kernel/kw_plain.ko"' sh "/lib/modules/$release"
run delete-tree-of-its-own kwload delete kw_plain
run memory kwload init kw_params.ko 'number=7'
run delete-memory kwload delete kw_params
run memfd kwload memfd kw_plain.ko
run delete-memfd kwload delete kw_plain
run unlinked kwload unlinked unlinked.ko
run delete-unlinked kwload delete kw_plain
run int80 kwload int80 kw_plain.ko
run int80-delete kwload int80-delete kw_plain
run int80-memory kwload int80-init kw_plain.ko
run delete-int80 kwload delete kw_plain
run forced kwload finit kw_plain.ko '' 3
run delete-forced kwload delete kw_plain
run modprobe modprobe dummy numdummies=2
run rmmod rmmod dummy
run long-name kwload finit kw_a_name_of_fifty_five_characters_which_is_the_longest.ko
run delete-long-name kwload delete kw_a_name_of_fifty_five_characters_which_is_the_longest
run odd-path kwload finit "$odd"
run delete-odd-path kwload delete kw_plain
run deep-path kwload finit "$deep/kw_plain.ko"
run delete-deep-path kwload delete kw_plain
run mounted kwload finit /mnt/inner/kw_plain.ko
run delete-mounted kwload delete kw_plain
run compressed kwload finit "$dummy" '' 4
run delete-compressed kwload delete dummy
run compressed-unsaid kwload finit kw_plain.ko.gz
run namespace unshare -p -m -f --mount-proc kwload finit kw_plain.ko
run delete-namespace kwload delete kw_plain
run autoload kwload socket 38 5 0
run parallel kwload parallel 8 finit kw_plain.ko
run delete-parallel kwload delete kw_plain

# A foreign BPF program refuses, at the hook that lockdown has too (LOCKDOWN_MODULE_SIGNATURE is 1).
run refused-at-lockdown kwload refusing security_locked_down 1 finit kw_plain.ko
run request-refused kwload refusing security_kernel_module_request - socket 40 1 0

# Failures.
run no-capability-file kwload nocap finit /tmp/kw_plain.ko
run no-capability-memory kwload nocap init /tmp/kw_plain.ko
run bad-descriptor kwload badfd
echo | run pipe kwload finit /proc/self/fd/0
run bad-flags kwload finit kw_plain.ko '' 128
run junk-file kwload finit junk.ko
run junk-memory kwload init junk.ko
run empty-file kwload finit empty.ko
run loaded kwload finit kw_plain.ko
run already-there kwload finit kw_plain.ko
run delete-loaded kwload delete kw_plain
run unresolved kwload finit kw_unresolved.ko
# busybox's own insmod tries with a descriptor, then again from memory.
run second-try busybox insmod kw_unresolved.ko
run init-fails kwload finit kw_initfail.ko
run parameter-refuses kwload finit kw_paramrefuse.ko 'refuse=1'
run no-such-module kwload delete kw_nothing
run crash-in-memory kwload init kw_oops.ko

# This call still runs when the sensor ends.
sh -c 'echo "case never-returns $$"; exec kwload init kw_slow.ko ms=100000' &
tries=0
until grep -q '^kw_slow ' /proc/modules || [ "$tries" -gt 100 ]; do
  tries=$((tries + 1))
  sleep 0.1
done
echo 'end never-returns'
