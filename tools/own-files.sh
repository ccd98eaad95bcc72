#!/usr/bin/env bash
# Loads every module of the cloud kernel that depends on another, by hand and by a kernel request.
# Compares the file in each record with the module's own file. Prints how many there were. Takes
# about half an hour; ./verify loads some of them, too. Maven gets the arguments.
# Exit status: 0 each record has the module's own file, or none and a gap; otherwise that of the
# run.
set -euo pipefail

home=$(CDPATH='' cd -P -- "${BASH_SOURCE[0]%/*}/.." && pwd)
readonly home
status=0
rm -f "$home"/build/figures/own-files-*
"$home/verify" -Dit.test=OwnFilesIT -Dtest=NoUnitTest -Dsurefire.failIfNoSpecifiedTests=false -Dfailsafe.failIfNoSpecifiedTests=false \
  -Dkmodwatch.modules=all "$@" >&2 || status=$?
cat "$home"/build/figures/own-files-* 2>/dev/null || true
exit "$status"
