#!/bin/sh
# Runs loads whose init or parameter takes longer than the agent waits. SlowLoadsIT compares every
# output. The loads run at the same time, each of a module with its own name. So the output of each
# process is printed at the end. A second agent, with pinned programs and /root/slow.yaml, is killed
# between the two records of one more load.
# start NAME COMMAND...
start() {
  name=$1
  shift
  # The shell that prints its pid becomes the loader.
  sh -c 'echo "case $0 $$"; exec "$@"' "$name" "$@" >"/root/$name.out" 2>&1 &
  names="$names $name"
}
names=
run() {
  start "$@"
  wait "$!"
}
# until_true SECONDS COMMAND...
until_true() {
  tries=$(($1 * 5))
  shift
  until "$@" >/dev/null 2>&1; do
    tries=$((tries - 1))
    if [ "$tries" -lt 0 ]; then
      echo "never came true: $*"
      tail -n 20 /out/*.log
      exit 1
    fi
    sleep 0.2
  done
}
watch() {
  kmodwatch watch --config /root/slow.yaml --pin --state /root/state >>/out/second.ndjson 2>>/out/second.log &
  agent=$!
}
armed() { [ "$(grep -c '^armed' /out/second.log)" -ge "$1" ]; }
# told FILE NUMBER MODULE WORD: succeeds if that many records of the module have the word.
told() { [ "$(grep "\"name\":\"$3\"" "$1" | grep '"action":"load"' | grep -c "$4")" -ge "$2" ]; }
# ends_told NUMBER: succeeds if both agents have reported the outcome of each module that many
# times.
ends_told() {
  for log in /out/loads.ndjson /out/second.ndjson; do
    for module in 1 3 5 7 9; do
      told "$log" "$1" "kw_slo$module" '"returnValue":0' || return
    done
    for module in 2 4 6 8 0; do
      told "$log" "$1" "kw_slo$module" '"errno"' || return
    done
  done
}

release=$(uname -r)
mkdir -p /srv "/lib/modules/$release/updates" /etc/modprobe.d
cp kw_slo*.ko /srv/
cp kw_slo9.ko "/lib/modules/$release/updates/"
depmod -a
echo 'alias net-pf-38 kw_slo9' >/etc/modprobe.d/alias.conf
watch
until_true 240 armed 1

# cases COMMAND PREFIX MILLIS SECONDS: runs a load of each kind, by start or by run.
cases() {
  "$1" "$2finit-init" kwload finit /srv/kw_slo1.ko "ms=$3"
  "$1" "$2finit-init-fails" kwload finit /srv/kw_slo2.ko "ms=$3 error=-19"
  "$1" "$2init-init" kwload init /srv/kw_slo3.ko "ms=$3"
  "$1" "$2init-init-fails" kwload init /srv/kw_slo4.ko "ms=$3 error=-19"
  "$1" "$2finit-parameter" kwload finit /srv/kw_slo5.ko "ms=0 handler_ms=$3"
  "$1" "$2finit-parameter-fails" kwload finit /srv/kw_slo6.ko "ms=0 handler_error=-22 handler_ms=$3"
  "$1" "$2init-parameter" kwload init /srv/kw_slo7.ko "ms=0 handler_ms=$3"
  "$1" "$2init-parameter-fails" kwload init /srv/kw_slo8.ko "ms=0 handler_error=-22 handler_ms=$3"
  echo "options kw_slo9 ms=$3" >/etc/modprobe.d/options.conf
  "$1" "$2autoload" kwload socket 38 5 0
  # The kernel reads these parameters before any code of the module can run.
  "$1" "$2late-page" kwload late "$4" finit /srv/kw_slo0.ko 'ms=0 error=-19'
}
# The fast loads show what the last records of the slow ones must be.
cases run fast- 10 1
# Waits before the next loads: an agent that lags does not emit a first record.
until_true 120 ends_told 1
for module in 1 3 5 7 9; do
  rmmod "kw_slo$module"
done
cases start '' 8000 8
for name in $names; do
  until_true 120 grep -q 'ret=' "/root/$name.out"
done
# Waits for the fast load's record and the last record of the slow load, which has two.
until_true 120 ends_told 2

start killed kwload finit /srv/kw_slok.ko 'ms=12000 error=-19'
until_true 30 told /out/second.ndjson 1 kw_slok 'the call had not returned"'
kill -KILL "$agent"
wait "$agent"
until_true 60 grep -q 'ret=' /root/killed.out
watch
until_true 240 armed 2
until_true 60 told /out/second.ndjson 1 kw_slok ENODEV
until_true 60 told /out/loads.ndjson 1 kw_slok ENODEV
sleep 2
kill -TERM "$agent"
wait "$agent"
echo "ended $?"
rm -r /sys/fs/bpf/kmodwatch
for name in $names; do
  cat "/root/$name.out"
done
kmodwatch history --history=/root/history --limit all -o loads >/out/history.ndjson
kmodwatch replay --no-progress -o loads /out/events.ndjson >/out/replayed.ndjson
echo "replayed $?"
