#!/bin/sh
# The demonstration: six ways a module comes into a kernel, each followed by what Kmodwatch saw. Runs in the guest, where
# "kmodwatch watch" writes its table to /out/table.txt. Ends with 1 if it missed one.
table=/out/table.txt
missed=0
number=0

# step TITLE EXPECTED COMMAND...: EXPECTED is a pattern that a line about this step has.
step() {
  title=$1
  expected=$2
  shift 2
  number=$((number + 1))
  printf '\n%d. %s\n   # %s\n' "$number" "$title" "$*"
  before=$(wc -l <"$table")
  # The header is line 1, and is written with the first record.
  [ "$before" -ge 1 ] || before=1
  "$@" 2>&1 | sed 's/^/   /'
  tries=0
  until tail -n +$((before + 1)) "$table" | grep -q -- "$expected"; do
    tries=$((tries + 1))
    if [ "$tries" -gt 100 ]; then
      echo '   Kmodwatch missed it: no such record within 10 s.'
      missed=1
      return
    fi
    sleep 0.1
  done
  # What comes with it is written at the same moment.
  sleep 0.2
  echo '   Kmodwatch saw:'
  head -n 1 "$table" | sed 's/^/   /'
  tail -n +$((before + 1)) "$table" | sed 's/^/   /'
}

echo "Kmodwatch on Linux $(uname -r): six loads, each followed by what it saw."

step 'A module from a file, by hand' 'kw_plain.*loaded' \
  insmod kw_plain.ko
step 'A driver of the distribution, by modprobe' 'dummy.*loaded' \
  modprobe dummy
step 'From memory: init_module(2), no file for the kernel to name' 'kw_params.*loaded' \
  kwload init kw_params.ko 'number=3 text=hello'
step 'From a memfd: a file that is on no disk' 'kw_export.*loaded' \
  kwload memfd kw_export.ko
# From here on the kernel takes only modules with a signature that it trusts.
echo Y >/sys/module/module/parameters/sig_enforce
step 'Refused: root loads an unsigned module where the kernel wants a signature' 'kw_slow.*refused' \
  insmod kw_slow.ko
step 'Asked for by a program without any right: a socket of a family that is not there yet' 'af_alg.*loaded' \
  kwload socket 38 5 0

echo
exit "$missed"
