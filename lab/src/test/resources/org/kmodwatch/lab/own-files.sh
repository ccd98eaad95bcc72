#!/bin/sh
# Loads each module of /root/modules (a name and what the kernel is to request for it, a line each) by hand, and those that
# this loads also as the kernel does for whoever needs one; each time from where neither it nor what it depends on is there,
# unless the kernel keeps it. OwnFilesIT reads "hand NAME", "autoload NAME" and "not NAME", and what the agent recorded.
insmod kw_request.ko
request=/sys/module/kw_request/parameters/request

while read -r name alias; do
  modprobe -q -r "$name" 2>/dev/null
  # What is there already cannot be loaded.
  [ ! -e "/sys/module/$name" ] || { echo "not $name"; continue; }
  modprobe -q "$name" 2>/dev/null
  [ -e "/sys/module/$name" ] || { echo "not $name"; continue; }
  echo "hand $name"
  modprobe -q -r "$name" 2>/dev/null
  [ ! -e "/sys/module/$name" ] || continue
  echo "$alias" 2>/dev/null >$request
  [ ! -e "/sys/module/$name" ] || echo "autoload $name"
  modprobe -q -r "$name" 2>/dev/null
done <modules
