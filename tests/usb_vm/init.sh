#!/bin/busybox sh
# First program of the virtual machine: the host's files under a scratch layer, the modules, then
# the tests. PROJECT and PYTHON come from the kernel's command line.
/bin/busybox mkdir -p /bin /sbin /usr/bin /usr/sbin /proc /sys /dev /host /layer /root
/bin/busybox --install -s
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
while read -r module settings; do
    insmod "$module" $settings || echo "FAILED to load $module"
done < /modules

mount -t 9p -o trans=virtio,version=9p2000.L,ro,msize=512000,cache=loose host /host || echo "FAILED to see the host's files"
mount -t tmpfs tmpfs /layer
mkdir -p /layer/upper /layer/work
mount -t overlay -o lowerdir=/host,upperdir=/layer/upper,workdir=/layer/work overlay /root || echo "FAILED to lay a scratch layer over them"
mount -t configfs configfs /sys/kernel/config
for place in proc sys dev; do
    mount --rbind "/$place" "/root/$place"
done
mount -t tmpfs tmpfs /root/run
ip link set lo up

cd / || exit
chroot /root /usr/bin/env -C "$PROJECT" HOME=/tmp SYSTEMD_IGNORE_CHROOT=1 PYTHONDONTWRITEBYTECODE=1 "$PYTHON" -m tests.usb_vm.guest
echo "GUEST-ENDED $?"
poweroff -f
