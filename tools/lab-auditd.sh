#!/usr/bin/env bash
# Builds build/lab/auditd.tar from Debian's packages, to be unpacked at the root of a guest of the
# lab. It has auditd, auditctl, ausearch, their linked libraries, and auditd.conf as Debian ships
# it. Needs no root, installs nothing; if everything is there, it uses no network.
# Exit status: 0 done, 69 something is missing (the message names it and the remedy).
set -euo pipefail
umask 022
export LC_ALL=C

home=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
lab=$home/build/lab
# shellcheck source=tools/debs.sh
source "${BASH_SOURCE[0]%/*}/debs.sh"

# The list has all linked libraries, except the parts of the C library that the guest has.
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
key=$(cat "${BASH_SOURCE[0]}" "$debs_script" | sha256sum)
if [ -e "$lab/auditd.tar" ] && [ "$(cat "$lab/auditd.key" 2>&1)" = "$key" ]; then exit 0; fi
rm -f "$lab/auditd.key"

work=$(mktemp -d "$lab/tmp/auditd.XXXXXX")
trap 'rm -rf "$work"' EXIT
root=$work/root
mkdir -p "$root"/{etc,var/log}/audit

printf 'lab: fetching auditd\n' >&2
unpack_debs auditd "$work" "${packages[@]}"
gather "$work/unpacked" "$root" sbin/auditd sbin/auditctl sbin/ausearch
cp "$work/unpacked/etc/audit/auditd.conf" "$root/etc/audit/"
pack "$root" "$lab/auditd.tar"
printf '%s\n' "$key" >"$lab/auditd.key"
