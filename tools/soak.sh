#!/usr/bin/env bash
# Runs the package's service in the lab's Debian under module work that never repeats (names, paths,
# images, users, programs, aliases). It has every kind of output and a SIGHUP each 30 s. Prints its
# resource use over time.
#
#   tools/soak.sh [--seconds N] [--pause MS] [--hostile] [--kernel NAME] [--page]
#
# N is 3600 unless given. Between two loads are MS milliseconds, 100 unless given. With --hostile,
# the user nobody attempts loads from ever-new long paths and with long arguments. Root loads images
# that the kernel refuses. Both go as fast as possible. With --page the table goes into
# docs/reference/performance.md. The recorded data stays in build/soak.
# Exit status: 0 every value is flat over the second half and each accepted load has its record, 1
# one is not, 64 wrong usage, otherwise that of the run.
set -euo pipefail

home=$(CDPATH='' cd -P -- "${BASH_SOURCE[0]%/*}/.." && pwd)
readonly home out=$home/build/soak
seconds=3600 pause=100 hostile=false kernel=6.12 page=false
while (($#)); do
  case $1 in
    --seconds | --pause | --kernel)
      (($# >= 2)) || { printf 'soak: %s needs a value\n' "$1" >&2; exit 64; }
      case $1 in
        --seconds) seconds=$2 ;;
        --pause) pause=$2 ;;
        --kernel) kernel=$2 ;;
      esac
      shift
      ;;
    --hostile) hostile=true ;;
    --page) page=true ;;
    *)
      printf 'soak: unknown argument %s; usage: tools/soak.sh [--seconds N] [--pause MS] [--hostile] [--kernel NAME] [--page]\n' "$1" >&2
      exit 64
      ;;
  esac
  shift
done
[[ $seconds =~ ^[1-9][0-9]{1,5}$ ]] || { printf 'soak: --seconds %s: expected 10 to 999999\n' "$seconds" >&2; exit 64; }
[[ $pause =~ ^[0-9]{1,5}$ ]] || { printf 'soak: --pause %s: expected 0 to 99999\n' "$pause" >&2; exit 64; }

rm -rf "$out"
"$home/verify" -Dit.test=SoakRun -Dtest=NoUnitTest -Dsurefire.failIfNoSpecifiedTests=false -Dfailsafe.failIfNoSpecifiedTests=false \
  "-Dkmodwatch.soak=$seconds" "-Dkmodwatch.pause=$pause" "-Dkmodwatch.hostile=$hostile" "-Dkmodwatch.kernels=$kernel" >&2

status=0
awk -v date="$(date -u +%F)" -v kernel="$kernel" -v seconds="$seconds" -v pause="$pause" -v hostile="$hostile" -f "$home/tools/soak/table.awk" "$out/guest.log" \
  >"$out/table.md" || status=$?
cat "$out/table.md"

if [[ $page == true ]]; then
  name=soak
  [[ $hostile == false ]] || name=soak-hostile
  # shellcheck disable=SC2016 # for awk
  awk -v begin="<!-- $name -->" -v table="$out/table.md" '
    $0 == begin { print; print ""; while ((getline line < table) > 0) print line; print ""; skipping = 1 }
    $0 == "<!-- /soak -->" { skipping = 0 }
    !skipping' "$home/docs/reference/performance.md" >"$out/performance.md"
  cp "$out/performance.md" "$home/docs/reference/performance.md"
fi
exit "$status"
