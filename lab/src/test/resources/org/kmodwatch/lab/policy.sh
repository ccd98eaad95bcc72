#!/bin/sh
# Loads the distribution's modules as at a boot, and learns rules from them. Then it runs a policy,
# an invalid policy, and another policy, with expected and unexpected modules. PolicyIT tests the
# results. /root/policy.yaml is the policy of docs/how-to/policy.md.
# start NAME OPTION...
start() {
  name=$1
  shift
  kmodwatch watch "$@" >"/out/$name.ndjson" 2>"/out/$name.log" &
  agent=$!
  until_said "/out/$name.log" '^armed'
}
# until_said FILE WORD
until_said() {
  tries=0
  until grep -q -s -- "$2" "$1"; do
    tries=$((tries + 1))
    if [ "$tries" -gt 900 ] || ! kill -0 "$agent"; then
      echo "never said in $1: $2"
      tail -n 20 /out/*.log
      exit 1
    fi
    sleep 0.1
  done
}
end() {
  kill -TERM "$agent"
  wait "$agent"
  echo "$name ended $?"
}
# config EXTRA: writes a configuration with the sink, the repeats, more rules, and the policy of the
# docs.
config() {
  {
    printf 'sinks: {alerts: {type: file, path: /out/alerts.ndjson, format: alerts}}\nspool: /root/spool\n'
    printf 'policy:\n%s' "$1"
    grep -v '^policy:' /root/policy.yaml
  } >/root/kmodwatch.yaml
}

release=$(uname -r)
mkdir -p /srv /lib/modules/"$release"/updates
cp kw_*.ko /srv/
cp kw_plain.ko /tmp/
cp kw_plain.ko /lib/modules/"$release"/updates/

start boot -o loads
find "/lib/modules/$release/kernel/net/sched" -name 'sch_*.ko*' | sort | head -n 30 |
  sed 's,.*/,,; s,\.ko.*,,' | while read -r module; do modprobe "$module"; done
sleep 1
end
kmodwatch policy learn /out/boot.ndjson >/out/learned.yaml 2>/out/learn.log
echo "learned $?"

config ''
start policy -o loads --config /root/kmodwatch.yaml --repeat-window 1h
for module in dummy ifb veth; do modprobe "$module"; done
turn=0
while [ "$turn" -lt 20 ]; do
  kwload finit /srv/kw_plain.ko
  kwload delete kw_plain
  turn=$((turn + 1))
done
kwload init /srv/kw_params.ko
kwload delete kw_params
kwload memfd /srv/kw_plain.ko
kwload delete kw_plain
kwload finit /tmp/kw_plain.ko
kwload delete kw_plain
kwload finit "/lib/modules/$release/updates/kw_plain.ko"
kwload delete kw_plain
kwload socket 38 5 0
until_said /out/policy.ndjson '"name":"af_alg"'

printf 'policy:\n  - {name: wrong, owner: o, reason: r, when: modul.name == "x", verdict: alert}\n' >/root/kmodwatch.yaml
kill -HUP "$agent"
until_said /out/policy.log 'stays as it was'
modprobe macvlan
until_said /out/policy.ndjson '"name":"macvlan"'

config '  - {name: no bonds here, owner: o, reason: r, when: module.name == "bonding", verdict: alert}
'
kill -HUP "$agent"
until_said /out/policy.log 'read anew'
modprobe bonding
until_said /out/policy.ndjson '"name":"bonding"'
end

# The tables show the 20 loads of one kind in one row, though the recording has each of them.
kmodwatch policy test /out/learned.yaml /out/boot.ndjson >/out/test-boot.txt 2>&1
echo "test of the boot $?"
kmodwatch policy test /out/learned.yaml /out/policy.ndjson >/out/test-attacks.txt 2>&1
echo "test of the attacks $?"
