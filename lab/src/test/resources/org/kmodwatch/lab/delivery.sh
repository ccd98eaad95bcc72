#!/bin/sh
# One module is loaded while the agent writes to every kind of sink in every format; DeliveryIT has the receivers, on the
# host, and holds what came against each other. /root has kmodwatch.yaml, certificates and keys.
modprobe virtio_net
ip addr add 10.0.2.15/24 dev eth0
ip link set eth0 up
syslogd -O /out/local-socket.log
mkdir -p /srv
cp kw_plain.ko /srv/
chmod 600 ./*.key

kmodwatch watch --config /root/kmodwatch.yaml >/out/standard-output.ndjson 2>/out/watch.log &
agent=$!
# until_so COMMAND...
until_so() {
  tries=0
  until "$@"; do
    tries=$((tries + 1))
    if [ "$tries" -gt 600 ] || ! kill -0 "$agent"; then
      echo "never so: $*"
      tail -n 30 /out/watch.log
      exit 1
    fi
    sleep 0.2
  done
}
armed() { grep -q '^armed' /out/watch.log; }
# Every sink has delivered something, and nothing waits.
delivered() {
  wget -q -O /root/metrics http://127.0.0.1:9464/metrics || return
  grep '^kmodwatch_sink_delivered_total' /root/metrics >/root/sinks
  ! grep -q ' 0\.0$' /root/sinks && ! grep '^kmodwatch_sink_pending' /root/metrics | grep -qv ' 0\.0$' &&
    ! grep '^kmodwatch_sink_failing' /root/metrics | grep -qv ' 0\.0$'
}
until_so armed
kwload finit /srv/kw_plain.ko
until_so delivered
sed 's/ .*//' /root/sinks
kill -TERM "$agent"
wait "$agent"
echo "ended $?"
kmodwatch history --history /root/history -o loads --name kw_plain >/out/history.ndjson
echo "history $?"
