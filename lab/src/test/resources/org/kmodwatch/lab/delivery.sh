#!/bin/sh
# Loads a module while the agent writes to every kind of sink in every format. Then it loads another
# one, with an agent that was started on a full disk. DeliveryIT runs the receivers on the host, and
# compares their items. /root has kmodwatch.yaml, full.yaml, certificates and keys.
modprobe virtio_net
ip addr add 10.0.2.15/24 dev eth0
ip link set eth0 up
syslogd -O /out/local-socket.log
mkdir -p /srv
cp ./*.ko /srv/
chmod 600 ./*.key

# start NAME CONFIGURATION
start() {
  log=/out/$1.log
  kmodwatch watch --config "/root/$2" >"/out/$1.ndjson" 2>"$log" &
  agent=$!
  until_so armed
}
# until_so COMMAND...
until_so() {
  tries=0
  until "$@"; do
    tries=$((tries + 1))
    if [ "$tries" -gt 600 ] || ! kill -0 "$agent"; then
      echo "never so: $*"
      tail -n 30 "$log"
      exit 1
    fi
    sleep 0.2
  done
}
armed() { grep -q '^armed' "$log"; }
# Succeeds if every sink has delivered something, and nothing is pending.
delivered() {
  wget -q -O /root/metrics http://127.0.0.1:9464/metrics || return
  ! grep '^kmodwatch_sink_delivered_total' /root/metrics | grep -q ' 0\.0$' &&
    ! grep '^kmodwatch_sink_pending' /root/metrics | grep -qv ' 0\.0$'
}
# Succeeds if the webhook has delivered the four modules from before, and the new one.
delivered_by_webhook() {
  wget -q -O /root/metrics http://127.0.0.1:9464/metrics || return
  grep -q '^kmodwatch_sink_delivered_total{sink="webhook"} 5\.0$' /root/metrics
}
end() {
  kill -TERM "$agent"
  wait "$agent"
  status=$?
  echo "$1 ended $status"
  [ "$status" = 0 ] || tail -n 30 "$log"
}
start standard-output kmodwatch.yaml
kwload finit /srv/kw_plain.ko
until_so delivered
end first
kmodwatch history --history /root/history -o loads --name kw_plain >/out/history.ndjson
echo "history $?"

mkdir -m 700 /full
mount -t tmpfs -o size=8m,mode=700 tmpfs /full
cat /dev/zero >/full/ballast 2>/dev/null
start full full.yaml
kwload finit /srv/kw_params.ko
until_so delivered_by_webhook
echo "full $(df -k /full | tail -n 1 | tr -s ' ' | cut -d ' ' -f 4)"
rm /full/ballast
until_so delivered
end second
rm -r /sys/fs/bpf/kmodwatch
kmodwatch history --history /full/history -o loads --name kw_params >/out/full-history.ndjson
echo "history $?"
