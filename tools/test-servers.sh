#!/usr/bin/env bash
# Prepares a real syslog server for tests, Debian's rsyslog, in build/test-servers. It is unpacked,
# not installed: tests start it as their own user, with their own configuration, folders and ports.
# Needs no root.
# Exit status: 0 done, 69 something is missing (the message names it and the remedy).
set -euo pipefail
umask 022
export LC_ALL=C

home=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
servers=$home/build/test-servers
# shellcheck source=tools/debs.sh
source "${BASH_SOURCE[0]%/*}/debs.sh"

# The list has the linked libraries that some Debian systems lack.
packages=(rsyslog rsyslog-gnutls libestr0 libfastjson4 liblognorm5 libgnutls30 libnettle8 libhogweed6 libp11-kit0 libtasn1-6
  libidn2-0 libunistring2 libffi8 libgmp10 libuuid1 libsystemd0 libcurl3-gnutls)

say() { printf 'test servers: %s\n' "$*" >&2; }
die() {
  printf 'test servers: %s\n' "$*" >&2
  exit 69
}

for program in apt-get dpkg; do
  command -v "$program" >/dev/null || die "$program is not installed; remedy: use Debian 12, or run ./verify -Dtest='!Syslog*'"
done
mkdir -p "$servers"
key=$(cat "${BASH_SOURCE[0]}" "$debs_script" | sha256sum)
if [ "$(cat "$servers/key" 2>&1)" = "$key" ]; then exit 0; fi
rm -f "$servers/key"

work=$(mktemp -d "$servers/work.XXXXXX")
trap 'rm -rf "$work"' EXIT
say "fetching rsyslog"
unpack_debs rsyslog "$work" "${packages[@]}"
LD_LIBRARY_PATH=$(debs_libraries "$work/unpacked") "$work/unpacked/usr/sbin/rsyslogd" -v >"$work/log" 2>&1 || {
  tail -n 5 "$work/log" >&2
  die "rsyslogd does not start, see above; remedy: add the package of what is missing to ${BASH_SOURCE[0]}"
}
rm -rf "$servers/root"
mv "$work/unpacked" "$servers/root"
printf '%s\n' "$key" >"$servers/key"
