#!/usr/bin/env bash
# Boots the lab's Debian with the package's service, and with ftrace from the kernel's first moment.
# Does module work of every ordinary kind (udev's, sockets of all families, file systems, modprobe
# of 280 modules, their removal, insmod, refused attempts). Compares each call that ftrace saw with
# the load records, field by field. Prints the number of calls and of checks, the gaps, and every
# mismatch.
#
#   tools/oracle.sh [--kernel NAME]
#
# NAME is 6.12 unless given, or 6.1. The recorded data stays in build/oracle.
# Exit status: 0 each field is right or its absence is reported, 64 wrong usage, otherwise that of
# the run.
set -euo pipefail

home=$(CDPATH='' cd -P -- "${BASH_SOURCE[0]%/*}/.." && pwd)
readonly home out=$home/build/oracle
kernel=6.12
while (($#)); do
  case $1 in
    --kernel)
      (($# >= 2)) || { printf 'oracle: %s needs a value\n' "$1" >&2; exit 64; }
      kernel=$2
      shift
      ;;
    *)
      printf 'oracle: unknown argument %s; usage: tools/oracle.sh [--kernel NAME]\n' "$1" >&2
      exit 64
      ;;
  esac
  shift
done

rm -rf "$out"
status=0
"$home/verify" -Dit.test=OracleRun -Dtest=NoUnitTest -Dsurefire.failIfNoSpecifiedTests=false -Dfailsafe.failIfNoSpecifiedTests=false \
  "-Dkmodwatch.kernels=$kernel" >&2 || status=$?
[[ ! -e $out/answer ]] || cat "$out/answer"
exit "$status"
