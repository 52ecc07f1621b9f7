#!/bin/busybox sh
# shellcheck shell=dash
# The guest's first and only service: mounts, loads, delegates, runs /tests/run as dev, tells how that ended, and goes.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# The kernel's first root cannot be left by pivot_root(2), but a mount of it can.
if [ -z "${moved:-}" ]; then
  busybox mount --bind / /newroot
  cd /newroot || exit
  busybox mount --move . /
  moved=1 exec busybox chroot . /init
fi

mount -t devtmpfs dev /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /dev/pts
ln -s /proc/self/fd /dev/fd
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t cgroup2 cgroup /sys/fs/cgroup
for dir in /dev/shm /run /tmp; do mount -t tmpfs tmpfs "$dir"; done
chmod 1777 /dev/shm /tmp
for module in /modules/*; do insmod "$module"; done
chmod 0666 /dev/net/tun /dev/fuse
ip link set lo up
busybox hostname urun-arm64
busybox --install -s /usr/bin 2>/dev/null # beside what is there
mkdir -m 0700 /run/user /run/user/1000
chmod 0755 /run/user
chown dev:dev /run/user/1000

# A cgroup with all controllers, as systemd delegates it: its processes are in a child of it.
cd /sys/fs/cgroup || exit
mkdir dev
tr " " "\n" <cgroup.controllers | while read -r controller; do
  echo "+$controller" | tee cgroup.subtree_control >dev/cgroup.subtree_control
done
mkdir dev/tests
chown dev:dev dev dev/cgroup.* dev/tests dev/tests/cgroup.*
cd /

echo urun-vm: begin
sh -c 'echo $$ >/sys/fs/cgroup/dev/tests/cgroup.procs
  exec /usr/bin/setpriv --reuid dev --regid dev --init-groups --reset-env env XDG_RUNTIME_DIR=/run/user/1000 sh /tests/run' </dev/null
echo "urun-vm: exit $?"
busybox poweroff -f
