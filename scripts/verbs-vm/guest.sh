#!/bin/bash
# Runs in the virtual machine, on the files of the host: makes the soft-RoCE device rxe0 on a network interface that leads
# nowhere, and then runs the command. Both sides of a connection are on this one device.
set -eu
export PATH="$PATH:/usr/sbin:/sbin"
share=/run/verbs-vm

ip link set lo up
[ -e /sys/class/net/dummy0 ] || ip link add dummy0 type dummy
# Before rxe is there, which takes its own from it: 4096 and its headers.
ip link set dummy0 mtu 4200
ip address add 10.77.0.1/24 dev dummy0
# Without nodad the address would not be usable at first.
ip address add fd77::1/64 dev dummy0 nodad
ip link set dummy0 up
rdma link add rxe0 type rxe netdev dummy0
until grep -q ACTIVE /sys/class/infiniband/rxe0/ports/1/state; do sleep 0.1; done
# Verbs pin the memory they may touch.
ulimit -l unlimited
echo "$(cat $share/boot), verbs at $(cut -d ' ' -f 1 /proc/uptime) s" >$share/ready.new
mv $share/ready.new $share/ready

exec bash $share/command.sh
