#!/bin/sh
# Counts what WHAT takes without the agent, while it watches without images, and while it takes images as well; prints
# lines of STATE NAME TICKS. Run where a tick is an instruction.
case $WHAT in
  system-call)
    count() {
      # A batch is shorter than the time from one timer tick to the next, so that some have none in them.
      kwload getppid 100 10000 | sed "s/^/$1 getppid /"
    }
    ;;
  module-load)
    # As Debian ships it, which the kernel checks the signature of, and without the signature.
    file=$(find /lib/modules -name 'dummy.ko*')
    case $file in
      *.xz) xz -dc <"$file" >signed.ko ;;
      *) cp "$file" signed.ko ;;
    esac
    # The signature, 12 bytes whose last 4 are its length, and 28 of a mark.
    length=$(tail -c 40 signed.ko | head -c 12 | od -An -tu1 | awk '{ print 40 + (($9 * 256 + $10) * 256 + $11) * 256 + $12 }')
    tail -c 28 signed.ko | grep -q 'Module signature appended' || exit 3
    head -c "-$length" signed.ko >unsigned.ko
    count() {
      for name in signed unsigned; do
        kwload timed "$LOADS" $name.ko dummy | sed "s/^/$1 $name /"
      done
    }
    ;;
esac

watching() { # STATE OPTION...
  state=$1
  shift
  kmodwatch watch -o loads "$@" >/dev/null 2>"/out/$state.log" &
  agent=$!
  until grep -q '^armed' "/out/$state.log" 2>/dev/null; do
    [ -d "/proc/$agent" ] || exit 4
    sleep 0.1
  done
  # What is left of its start.
  sleep 5
  count "$state"
  kill $agent
  # Java may end with the signal's status.
  wait $agent || [ $? = 143 ]
}

count off
watching on --image-buffer off
watching images
