# The memory of watch as installed, over ten minutes with 2,000 loads. In /root are package.tar and kw_plain.ko.
tar -C / -xf /root/package.tar
mkfifo /run/said
export JAVA_TOOL_OPTIONS=-Xlog:gc:file=/out/gc.txt:uptime
kmodwatch watch -o loads --pin --state=/var/lib/kmodwatch >/out/watched.ndjson 2>/run/said &
pid=$!
while read -r line; do
  case $line in armed*) break ;; esac
done </run/said
now() { cut -d . -f 1 /proc/uptime; }
armed=$(now)
loads=0
while [ "$loads" -lt 2000 ]; do
  insmod /root/kw_plain.ko && rmmod kw_plain
  loads=$((loads + 1))
  [ "$((loads % 200))" != 0 ] || echo "sample $loads $(sed -n 's/^VmRSS:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$pid/status")"
  # Spread over the time, as far as this machine is quick enough.
  [ "$(($(now) - armed))" -ge "$((loads * 590 / 2000))" ] || sleep 0.2
done
until [ "$(($(now) - armed))" -ge 600 ]; do sleep 1; done
echo "seconds $(($(now) - armed))"
sed -n 's/^\(VmRSS\|VmHWM\|RssAnon\|RssFile\|RssShmem\):[^0-9]*\([0-9]*\) kB/\1 \2/p' "/proc/$pid/status"
kill "$pid"
wait "$pid"
echo "loads $(grep -c '"action":"load"' /out/watched.ndjson)"
rm /out/watched.ndjson
