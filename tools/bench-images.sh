#!/usr/bin/env bash
# Measures how fast modules are read and hashed, and compares it with sha256sum on the same files,
# in turns in one run.
#
#   tools/bench-images.sh [FOLDER]
#
# FOLDER has uncompressed modules; the default is the kernel package that tools/lab-prepare.sh
# unpacked. Java runs with the options of kmodwatch.
set -euo pipefail

# shellcheck source=tools/build.sh
source "${BASH_SOURCE[0]%/*}/build.sh"

folder=${1:-$kmodwatch_root/build/lab/packages/linux-image-amd64/lib/modules}
need build
[[ -n $(find "$folder" -name '*.ko' -print -quit 2>/dev/null) ]] ||
  fail "$kmodwatch_exit_unavailable" "no modules in $folder; fetch some: tools/lab-prepare.sh --package linux-image-amd64"
lock
maven -q -ntp package -pl agent -am -DskipTests -Dspotless.check.skip=true -Dcyclonedx.skip=true >&2
unlock
build_if_stale
set_java_options watch
options=("${kmodwatch_java_options[@]}")
options[-1]+=:$kmodwatch_root/agent/target/test-classes
exec "$kmodwatch_jdk/bin/java" "${options[@]}" org.kmodwatch.agent.identity.ImageThroughput "$folder"
