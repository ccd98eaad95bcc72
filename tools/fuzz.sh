#!/usr/bin/env bash
# Fuzzes what reads the bytes of strangers: tools/fuzz.sh TARGET SECONDS, where TARGET is images, recordings, audit or
# configuration. An input that it finds is a file in target/fuzz of the module, beside the log. More arguments go to Maven.
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
