#!/bin/sh
# Loads each module of /root/modules (a line each, with its name and the kernel's request for it) by
# hand. Those that can be loaded are then also loaded by a request of the kernel. Before each load
# the module and its dependencies are removed, unless the kernel keeps them. OwnFilesIT reads "hand
# NAME", "autoload NAME" and "not NAME", and the agent's records.
insmod kw_request.ko
request=/sys/module/kw_request/parameters/request

while read -r name alias; do
  modprobe -q -r "$name" 2>/dev/null
  # A module that is already there cannot be loaded.
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
