#!/bin/sh
# Measures getppid(2) without the agent, and while it watches: one line each.
kwload getppid 30 10000
kmodwatch watch >/dev/null 2>watch.log &
agent=$!
until grep -q '^armed' watch.log; do
  kill -0 "$agent" || exit 1
  sleep 0.1
done
# Waits for the end of its start.
sleep 2
kwload getppid 30 10000
kill "$agent"
# Java may end with the signal's status.
wait "$agent" || [ $? = 143 ]
