#!/usr/bin/env bash
# Makes what brings auditd into a guest of the lab, from Debian's packages: build/lab/auditd.tar, to be unpacked at the guest's
# root, with auditd, auditctl, ausearch, what they are linked with, and auditd.conf as Debian ships it. Needs no root, installs
# nothing; with everything there it uses no network.
# Exit status: 0 done, 69 something is missing (the message names it and the remedy).
set -euo pipefail
umask 022
export LC_ALL=C

home=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
lab=$home/build/lab

# With all that they are linked with but what the guest has of the C library.
packages=(
  auditd libaudit1 libauparse0 libcap-ng0 libcom-err2 libgssapi-krb5-2 libk5crypto3 libkeyutils1 libkrb5-3 libkrb5support0
  libnsl2 libssl3 libtirpc3 libwrap0
)

die() {
  printf 'lab: %s\n' "$*" >&2
  exit 69
}
need() { # PROGRAM PACKAGE
  command -v "$1" >/dev/null || die "$1 is not installed; remedy: apt-get install $2"
}

need apt-get apt
need dpkg dpkg
mkdir -p "$lab/tmp"
key=$(sha256sum <"${BASH_SOURCE[0]}")
if [ -e "$lab/auditd.tar" ] && [ "$(cat "$lab/auditd.key" 2>&1)" = "$key" ]; then exit 0; fi
rm -f "$lab/auditd.key"

work=$(mktemp -d "$lab/tmp/auditd.XXXXXX")
trap 'rm -rf "$work"' EXIT
root=$work/root
mkdir -p "$work"/{debs,unpacked} "$root"/{etc,var/log}/audit "$root"/usr/{bin,lib/x86_64-linux-gnu}

printf 'lab: fetching auditd\n' >&2
# apt's warning that root downloads unsandboxed is of no use to anyone here.
(cd "$work/debs" && apt-get -q -o APT::Sandbox::User=root download "${packages[@]}") >"$work/log" 2>&1 || {
  tail -n 5 "$work/log" >&2
  die "could not download auditd; remedy: on Debian 12, check the network, then run: sudo apt-get update"
}
for deb in "$work"/debs/*.deb; do
  dpkg -x "$deb" "$work/unpacked"
done

cd "$work/unpacked"
programs=(sbin/auditd sbin/auditctl sbin/ausearch)
LD_LIBRARY_PATH=$PWD/usr/lib/x86_64-linux-gnu:$PWD/lib/x86_64-linux-gnu ldd "${programs[@]}" >"$work/ldd"
! grep 'not found' "$work/ldd" >&2 || die "a library is missing, see above; remedy: add its package to tools/lab-auditd.sh"
sed -n 's,.* => \(/[^ ]*\) .*,\1,p' "$work/ldd" | grep -v -E '/lib(c|m|dl|pthread|rt)\.so' | sort -u | while read -r library; do
  cp -L "$library" "$root/usr/lib/x86_64-linux-gnu/"
done
cp "${programs[@]}" "$root/usr/bin/"
cp etc/audit/auditd.conf "$root/etc/audit/"
tar -C "$root" --owner=0 --group=0 --numeric-owner -cf "$lab/auditd.tar.new" .
mv "$lab/auditd.tar.new" "$lab/auditd.tar"
printf '%s\n' "$key" >"$lab/auditd.key"
