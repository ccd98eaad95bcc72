#!/bin/sh
# Makes two thousand loads and unloads in a row, then ten times two hundred loads of one file at the
# same moment.
kwload storm 2000 kw_plain.ko kw_plain
round=0
while [ "$round" -lt 10 ]; do
  kwload parallel 200 finit kw_plain.ko
  kwload delete kw_plain
  round=$((round + 1))
done
