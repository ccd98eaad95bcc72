#!/bin/sh
# Loads various images. ImagesIT compares the hashes in the records with those of the loaded bytes.
# Each case prints "case NAME PID", kwload's result, "end NAME". "sum NAME HASH" is the hash by
# sha256sum.

run() {
  name=$1
  shift
  # The shell that prints its pid becomes the loader.
  sh -c 'echo "case $0 $$"; exec "$@"' "$name" "$@" 2>&1
  echo "end $name"
}

sum() { # NAME, bytes on standard input
  printf 'sum %s %s\n' "$1" "$(sha256sum | cut -d ' ' -f 1)"
}

# Loads a file while the agent is stopped, and replaces the file before the agent continues.
run_and_replace() { # NAME FILE OTHER
  kill -STOP "$agent"
  run "$1" kwload finit "$2"
  cp "$3" "$2.new"
  mv "$2.new" "$2"
  kill -CONT "$agent"
}

# Waits until the agent has written all records: the largest image needs the whole buffer.
settle() {
  before=-1
  now=0
  until [ "$before" = "$now" ]; do
    before=$now
    sleep 1
    now=$(wc -l </out/loads.ndjson)
  done
}

agent=$(pidof java)
release=$(uname -r)
dummy=$(find "/lib/modules/$release" -name 'dummy.ko*')
plain=$dummy
case $dummy in *.xz) plain=/tmp/dummy.ko; xzcat "$dummy" >"$plain" ;; esac

# libkmod decompresses a module and loads the decompressed bytes.
sum stock <"$plain"
run stock modprobe dummy
run delete-stock rmmod dummy

sum unsigned <kw_plain.ko
run unsigned kwload finit kw_plain.ko
run delete-unsigned kwload delete kw_plain
sum memory <kw_params.ko
run memory kwload init kw_params.ko 'number=7'
run delete-memory kwload delete kw_params
run memfd kwload memfd kw_plain.ko
run delete-memfd kwload delete kw_plain

# The module is decompressed by the caller, and by the kernel.
run insmod-xz insmod kw_plain.ko.xz
run delete-insmod-xz kwload delete kw_plain
sum kernel-xz-file <"$dummy"
run kernel-xz kwload finit "$dummy" '' 4
run delete-kernel-xz kwload delete dummy

# The signature is wrong: one letter of .modinfo was changed.
run changed kwload finit changed.ko
# A load that skips the kernel's checks also skips the signature.
run forced kwload finit "$plain" '' 1
run delete-forced kwload delete dummy

# The file is replaced before the agent reads it.
cp kw_plain.ko /tmp/victim.ko
run_and_replace replaced /tmp/victim.ko kw_params.ko
run delete-replaced kwload delete kw_plain

# The images are as large as the limit, and a byte larger.
cp kw_plain.ko /tmp/large.ko
truncate -s 67108864 /tmp/large.ko
settle
run large kwload finit /tmp/large.ko
run delete-large kwload delete kw_plain
truncate -s 67108865 /tmp/large.ko
run too-large kwload finit /tmp/large.ko
tries=0
until grep -q '"sizeBytes":67108865,' /out/loads.ndjson || [ "$tries" -gt 600 ]; do
  tries=$((tries + 1))
  sleep 0.1
done
run delete-too-large kwload delete kw_plain
run_and_replace too-large-replaced /tmp/large.ko kw_params.ko
run delete-too-large-replaced kwload delete kw_plain
rm -f /tmp/large.ko

# A second agent keeps the images.
kmodwatch \
  watch -o loads --keep-images /root/kept --keep-images-max 28K --image-buffer 1M >/root/kept.ndjson 2>/root/kept.log &
keeper=$!
tries=0
until grep -q '^armed' /root/kept.log || [ "$tries" -gt 600 ]; do
  tries=$((tries + 1))
  sleep 0.1
done
kwload finit kw_plain.ko
kwload delete kw_plain
kwload finit kw_params.ko
kwload delete kw_params
kwload finit "$plain"
kwload delete dummy
sleep 1
kill -TERM "$keeper"
wait "$keeper"
cat /root/kept.log >&2
grep -v '"preExisting":true' /root/kept.ndjson | sed 's/^/kept-load /'
stat -c 'kept-folder %a' /root/kept
for file in /root/kept/*; do
  printf 'kept-file %s %s %s\n' "$(stat -c %a "$file")" "$(basename "$file")" "$(sha256sum <"$file" | cut -d ' ' -f 1)"
done
