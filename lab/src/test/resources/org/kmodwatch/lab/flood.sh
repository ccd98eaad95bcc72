#!/bin/sh
# Two processes flood failing attempts for a minute, one as root with junk, one as nobody, while 200 real loads are made
# at random times. FloodIT holds what came of it against what each was told.
head -c 20000 /dev/urandom >junk.ko
cp kw_plain.ko /tmp/
start() {
  name=$1
  shift
  sh -c 'echo "case $0 $$"; exec "$@"' "$name" "$@" >"/tmp/$name.out" 2>&1 &
}
start root kwload flood 60 junk.ko
start nobody kwload flood 60 /tmp/kw_plain.ko 65534
start loads kwload paced 200 kw_plain.ko kw_plain 500
wait
cat /tmp/root.out /tmp/nobody.out /tmp/loads.out
