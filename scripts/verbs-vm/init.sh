#!/bin/busybox sh
# The first process of the virtual machine: loads the modules, lays a file system of memory over the files of the host, so
# that nothing written here reaches them, and runs guest.sh there. Its words go to the console, which is shown when things
# go wrong.
/bin/busybox --install -s /bin
export PATH=/bin

# What fails here ends the machine.
must() {
  "$@" && return
  echo "failed: $*"
  reboot -f
}
uptime() { cut -d ' ' -f 1 /proc/uptime; }

must mount -t devtmpfs dev /dev
must mount -t proc proc /proc
must mount -t sysfs sys /sys
times="init at $(uptime) s"

while read -r module; do must insmod "/modules/$module"; done </modules/order
times="$times, modules at $(uptime) s"

mkdir -p /mnt/host /mnt/memory /mnt/root
options=trans=virtio,version=9p2000.L,msize=512000
# The files of the host do not change meanwhile, so what was read of them may be kept.
must mount -t 9p -o "ro,$options,cache=loose" host /mnt/host
must mount -t tmpfs memory /mnt/memory
mkdir /mnt/memory/upper /mnt/memory/work
must mount -t overlay -o lowerdir=/mnt/host,upperdir=/mnt/memory/upper,workdir=/mnt/memory/work root /mnt/root
cd /mnt/root || must false
must mount -t proc proc proc
must mount -t sysfs sys sys
must mount --move /dev dev
mkdir -p dev/pts dev/shm run/verbs-vm
must mount -t devpts devpts dev/pts
must mount -t tmpfs -o mode=1777 shm dev/shm
# What is written here is for the host to read at once.
must mount -t 9p -o "$options,cache=none" share run/verbs-vm
echo "$times, files at $(uptime) s" >run/verbs-vm/boot

chroot . /bin/bash /run/verbs-vm/guest.sh >run/verbs-vm/output 2>&1
echo $? >run/verbs-vm/status.new
mv run/verbs-vm/status.new run/verbs-vm/status
reboot -f
