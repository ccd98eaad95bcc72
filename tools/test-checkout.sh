#!/usr/bin/env bash
# Tests ./kmodwatch in this checkout, in a copy of it in a folder with a space, and in a moved copy.
# It must read modules, recordings and policies equally in all. Needs a build; tests build/app, and
# builds nothing.
set -euo pipefail
root=$(CDPATH='' cd -P -- "${BASH_SOURCE[0]%/*}/.." && pwd)
seeds=$root/image/src/test/resources/org/kmodwatch/image/seeds
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

failures=0
tests=0
# check WHAT EXPECTED-STATUS PATTERN: checks the status and output of the last run.
check() {
  tests=$((tests + 1))
  # shellcheck disable=SC2053 # the pattern is meant as one
  if [[ $status != "$2" || $output != $3 ]]; then
    failures=$((failures + 1))
    printf 'FAILED: %s: status=%s, expected %s; output:\n%s\nexpected: %s\n' "$1" "$status" "$2" "$output" "$3" >&2
  fi
}

run() {
  status=0
  output=$("$@" 2>&1 </dev/null) || status=$?
}

mkdir "$scratch/some modules"
cp "$seeds/xz" "$scratch/some modules/ordinary.ko.xz"
cp "$seeds/zstd" "$scratch/some modules/ordinary.ko.zst"
cp "$seeds/gzip" "$scratch/some modules/ordinary.ko.gz"
cat >"$scratch/policy.yaml" <<'END'
policy:
  - name: ours
    owner: nobody
    reason: a test
    when: file.place == "distribution"
    verdict: expected
END

# reads_all WHERE CHECKOUT
reads_all() {
  local compression suffix
  for compression in xz:xz zst:zstd gz:gzip; do
    suffix=${compression%:*}
    run "$2/kmodwatch" inspect "$scratch/some modules/ordinary.ko.$suffix"
    check "$1: inspect of .ko.$suffix" 0 "*name         ordinary*(${compression#*:})*"
  done
  run "$2/kmodwatch" replay -o loads "$root/core/src/test/resources/recordings/protobuf.ndjson"
  check "$1: replay" 0 '*"schema":"kmodwatch.load/1"*'
  run "$2/kmodwatch" policy check "$scratch/policy.yaml"
  check "$1: policy check" 0 "*policy.yaml*"
}

# Copies only the files that a start needs: build/lab has gigabytes.
copied="$scratch/a copy"
mkdir "$copied"
(cd "$root" && tar cf - --exclude='*/classes' --exclude='*/test-classes' --exclude='*-reports' --exclude='.git' --exclude='./build/[!a]*' .) |
  tar xf - -C "$copied"

reads_all 'this checkout' "$root"

status=0
output=$("$root/kmodwatch" replay - 2>&1 <&-) || status=$?
check 'replay of a standard input that is closed' 0 '0 lines, 0 events*'
run "$copied/kmodwatch" --version
check 'a copy makes the cache of classes anew' 0 '*this folder has no cache of classes for this JDK*'
reads_all 'a copy' "$copied"
run "$copied/kmodwatch" --version
check 'a copy makes it once' 0 'kmodwatch [0-9]*'

mv "$copied" "$scratch/moved"
chmod -R a-w "$scratch/moved/build"
run "$scratch/moved/kmodwatch" inspect "$scratch/some modules/ordinary.ko.xz"
check 'moved, and perhaps not to be written to' 0 '*name         ordinary*(xz)*'
chmod -R u+w "$scratch/moved/build"

if ((failures)); then
  printf 'test-checkout: %d of %d failed\n' "$failures" "$tests" >&2
  exit 1
fi
printf 'test-checkout: %d tests passed\n' "$tests"
