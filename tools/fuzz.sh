#!/usr/bin/env bash
# Fuzzes the readers of untrusted bytes: tools/fuzz.sh TARGET SECONDS, where TARGET is images,
# recordings, audit or configuration. A failing input is a file in target/fuzz of the module, beside
# the log. Maven gets further arguments.
set -euo pipefail

# shellcheck source=tools/build.sh
source "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/build.sh"

target=${1:-} seconds=${2:-}
case $target in
  images) module=image tests=FuzzTest ;;
  recordings) module=agent tests='FuzzTest#recordings*' ;;
  audit) module=agent tests='FuzzTest#auditLogs*' ;;
  configuration) module=agent tests='FuzzTest#configurations*' ;;
  *) target='' ;;
esac
if [[ -z $target || ! $seconds =~ ^[0-9]+$ ]]; then
  fail 64 "usage: tools/fuzz.sh images|recordings|audit|configuration SECONDS [MAVEN_OPTION…]"
fi
shift 2

need build
lock
maven -ntp test -pl "$module" -am "-Dtest=$tests" -Dsurefire.failIfNoSpecifiedTests=false "-Dkmodwatch.fuzz.seconds=$seconds" "$@"
