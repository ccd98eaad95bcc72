#!/usr/bin/env bash
# Runs the tests that take too long for ./verify, and prints one table of their results. CI never
# calls this; ./verify --matrix does.
#
#   ./verify --matrix NAME…
#
# The output of a run stays in build/matrix/NAME.log, its line of the table in build/matrix/NAME.
# Without a name this lists the runs. A run that fails does not stop the others.
# Exit status: 0 every run passed, 1 one failed, 64 wrong usage.
set -uo pipefail

home=$(CDPATH='' cd -P -- "${BASH_SOURCE[0]%/*}/.." && pwd)
readonly home out=$home/build/matrix

# Each line has NAME, a description and the command; "it TESTS OPTION…" is ./verify with only those
# tests on real kernels.
runs() {
  cat <<'END'
kernels|the tests of few kernels on every kernel|it *IT -Dkmodwatch.kernels=all
figures|the figures that README and docs quote: long floods, 50 kills, a receiver that is down (25 min)|tools/figures.sh
signatures|each byte of a signature changed in each bit|it SignatureAnswersIT -Dkmodwatch.changes=all
poison|two hundred poisoned requests|it PoisonIT -Dkmodwatch.poison=200
own-files|the file of every module that depends on another (30 min)|tools/own-files.sh
trials|the service on disks that fail, and on 192 MiB of memory|it ServiceTrialsRun
oracle|each call against ftrace, kernel 6.12 (10 min)|tools/oracle.sh
oracle-6.1|each call against ftrace, kernel 6.1 (10 min)|tools/oracle.sh --kernel 6.1
soak|the service under an hour of ordinary work|tools/soak.sh
soak-hostile|the service under an hour of floods|tools/soak.sh --hostile
fuzz-images|the fuzzer of images (30 min)|tools/fuzz.sh images 1800
fuzz-recordings|the fuzzer of recordings (30 min)|tools/fuzz.sh recordings 1800
fuzz-audit|the fuzzer of audit logs (30 min)|tools/fuzz.sh audit 1800
fuzz-configuration|the fuzzer of configurations (30 min)|tools/fuzz.sh configuration 1800
END
}

if (($# == 0)); then
  printf 'usage: ./verify --matrix NAME…\n\n'
  runs | awk -F'|' '{ printf "  %-20s %s\n", $1, $2 }'
  exit 64
fi
for name; do
  if ! runs | grep -q "^$name|"; then
    printf 'matrix: no run "%s"; there are: %s\n' "$name" "$(runs | cut -d '|' -f 1 | paste -sd ' ')" >&2
    exit 64
  fi
done

mkdir -p "$out"
cd "$home" || exit
failed=0
for name; do
  IFS='|' read -r _ what command < <(runs | grep "^$name|")
  printf 'kmodwatch: %s: %s\n' "$name" "$what" >&2
  read -ra words <<<"$command"
  if [[ ${words[0]} == it ]]; then
    words=("$home/verify" "-Dit.test=${words[1]}" -Dtest=NoUnitTest -Dsurefire.failIfNoSpecifiedTests=false
      -Dfailsafe.failIfNoSpecifiedTests=false "${words[@]:2}")
  fi
  started=$SECONDS status=0
  "${words[@]}" >"$out/$name.log" 2>&1 </dev/null || status=$?
  ((status == 0)) || failed=1
  printf '%-20s %6d %7d:%02d  %s  %s\n' "$name" "$status" $(((SECONDS - started) / 60)) $(((SECONDS - started) % 60)) \
    "$(date -u '+%F %R')" "$(git describe --always --dirty 2>/dev/null)" >"$out/$name"
done

printf '%-20s %6s %10s  %-16s  %s\n' run status min:s 'ended (UTC)' commit
for name; do
  cat "$out/$name"
done
exit "$failed"
