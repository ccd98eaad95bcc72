#!/usr/bin/env bash
# Makes the runs whose figures README and docs quote, at full length, and prints the figures. The
# runs are floods for a minute with 200 loads, 50 kills during 500 loads, ftrace off for ten
# seconds, and a webhook's receiver that is down for five minutes. Takes about 25 minutes. Maven
# gets the arguments.
set -euo pipefail

home=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly home
rm -rf "$home/build/figures"
"$home/verify" -Dit.test=FloodIT,RestartIT,BlindedIT,SinkIT -Dtest=NoUnitTest -Dsurefire.failIfNoSpecifiedTests=false \
  -Dkmodwatch.flood=60 -Dkmodwatch.kills=50 -Dkmodwatch.loads=500 -Dkmodwatch.down=300 "$@" >&2
cat "$home"/build/figures/*
